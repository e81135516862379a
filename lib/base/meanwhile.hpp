// A value that another one stands in for, until this goes: also by an exception.
#pragma once

#include <utility>

namespace websocket::base {

template <class Value>
class Meanwhile {
 public:
  Meanwhile(Value& of, Value now) : of_(of), before_(std::exchange(of, std::move(now))) {}
  ~Meanwhile() { of_ = std::move(before_); }
  Meanwhile(const Meanwhile&) = delete;
  Meanwhile& operator=(const Meanwhile&) = delete;

 private:
  Value& of_;
  Value before_;
};

}  // namespace websocket::base
