// An optional that lies elsewhere: as wide as a pointer where there is nothing. For what most of
// many connections never have.
#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace websocket::base {

template <class T>
class Seldom {
 public:
  Seldom() = default;
  Seldom(std::nullopt_t) {}                                           // NOLINT
  Seldom(T value) : value_(std::make_unique<T>(std::move(value))) {}  // NOLINT
  Seldom(std::optional<T> value) {                                    // NOLINT
    if (value) value_ = std::make_unique<T>(std::move(*value));
  }

  explicit operator bool() const noexcept { return value_ != nullptr; }
  bool has_value() const noexcept { return value_ != nullptr; }
  T& operator*() noexcept { return *value_; }
  const T& operator*() const noexcept { return *value_; }
  T* operator->() noexcept { return value_.get(); }
  const T* operator->() const noexcept { return value_.get(); }
  const T* or_null() const noexcept { return value_.get(); }
  void reset() noexcept { value_.reset(); }
  void swap(Seldom& other) noexcept { value_.swap(other.value_); }

  // What is there, or one made now.
  T& get() {
    if (!value_) value_ = std::make_unique<T>();
    return *value_;
  }
  // As an ordinary optional.
  std::optional<T> copy() const { return value_ ? std::optional<T>(*value_) : std::nullopt; }
  std::optional<T> take() {
    std::optional<T> taken;
    if (value_) taken = std::move(*value_);
    value_.reset();
    return taken;
  }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace websocket::base
