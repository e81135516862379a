// What came to the synchronous face while nobody asked for it: messages wait here until somebody
// does.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <websocket/message.hpp>

#include "base/seldom.hpp"

namespace websocket::api {

class Inbox {
 public:
  std::size_t size() const noexcept { return waiting_ ? waiting_->size() : 0; }
  // Of what all of them say.
  std::size_t bytes() const noexcept { return bytes_; }
  bool empty() const noexcept { return !waiting_; }
  // Nothing is here, nor was taken from here and is not forgotten yet.
  bool is_at_rest() const noexcept { return !waiting_ && !taken_; }

  void add(ReceivedMessage message) {
    const std::size_t size = message.data.size();
    waiting_.get().push_back(std::move(message));
    bytes_ += size;
  }
  void clear() {
    waiting_.reset();
    bytes_ = 0;
  }

  // The first one; the view is valid until it is forgotten.
  Message take() {
    taken_ = std::move(waiting_->front());
    bytes_ -= taken_->data.size();
    waiting_->pop_front();
    if (waiting_->empty()) waiting_.reset();
    return {taken_->data, taken_->opcode};
  }
  void forget_taken() { taken_.reset(); }
  // Whether that is a view of what was taken, which then can be had as a string.
  bool has_taken(std::string_view view) const noexcept {
    return taken_ && taken_->data.data() == view.data();
  }
  std::string give_taken() { return std::move(taken_->data); }

 private:
  base::Seldom<std::deque<ReceivedMessage>> waiting_;
  base::Seldom<ReceivedMessage> taken_;
  std::size_t bytes_ = 0;
};

}  // namespace websocket::api
