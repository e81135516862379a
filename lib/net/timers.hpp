// What a loop has to do at certain times.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "net/loop.hpp"

namespace websocket::net {

class Timers {
 public:
  using Work = std::function<void()>;
  using Key = std::pair<Clock::time_point, std::uint64_t>;

  Key add(Clock::time_point when, Work work) {
    const Key key{when, added_++};  // of those that are due together the first added comes first
    waiting_.emplace(key, std::move(work));
    return key;
  }
  void remove(const Key& key) {
    const auto gone = waiting_.extract(key);  // what its work holds may remove others
  }
  void clear() { const auto gone = std::exchange(waiting_, {}); }

  // time_point::max() where there is none.
  Clock::time_point earliest() const {
    return waiting_.empty() ? Clock::time_point::max() : waiting_.begin()->first.first;
  }
  // The earliest, where its time has come; otherwise empty.
  Work take_due() {
    if (waiting_.empty() || earliest() > Clock::now()) return nullptr;
    return std::move(waiting_.extract(waiting_.begin()).mapped());
  }

 private:
  std::map<Key, Work> waiting_;
  std::uint64_t added_ = 0;
};

}  // namespace websocket::net
