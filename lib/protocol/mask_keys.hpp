// A supply of masking keys. RFC 6455 5.3: "The masking key needs to be unpredictable; thus, the
// masking key MUST be derived from a strong source of entropy". The source comes in as an argument;
// it is asked for many keys at once, since asking costs far more than copying.
#pragma once

#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "protocol/mask.hpp"

namespace websocket::protocol {

class MaskKeys {
 public:
  using Random = std::function<void(std::span<std::byte>)>;

  explicit MaskKeys(Random random) : random_(std::move(random)) {}

  // A fresh key: every one is given once.
  MaskKey next() {
    if (used_ == keys_in_store) refill();
    return (*store_)[used_++];
  }

 private:
  static constexpr std::size_t keys_in_store = 256;
  using Store = std::array<MaskKey, keys_in_store>;

  void refill() {
    if (store_ == nullptr) store_ = std::make_unique<Store>();
    random_(std::as_writable_bytes(std::span(*store_)));
    used_ = 0;
  }

  Random random_;
  std::unique_ptr<Store> store_;
  std::size_t used_ = keys_in_store;
};

}  // namespace websocket::protocol
