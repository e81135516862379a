// A supply of masking keys. RFC 6455 5.3: "The masking key needs to be unpredictable; thus, the
// masking key MUST be derived from a strong source of entropy". The source comes in as an argument;
// it is asked for many keys at once, since asking costs far more than copying.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "protocol/mask.hpp"

namespace websocket::protocol {

class MaskKeys {
 public:
  using Random = std::function<void(std::span<std::byte>)>;

  explicit MaskKeys(Random random);

  // A fresh key: every one is given once.
  MaskKey next() {
    if (used_ == size_) refill();
    return store_[used_++];
  }

  // Other bytes that nobody may guess, from the same supply.
  void fill(std::span<std::byte> into) {
    while (!into.empty()) {
      const MaskKey key = next();
      const auto part = std::as_bytes(std::span(key)).first(std::min(into.size(), key.size()));
      std::copy(part.begin(), part.end(), into.begin());
      into = into.subspan(part.size());
    }
  }

 private:
  // A store for many, but not for who sends little: it grows.
  static constexpr std::uint32_t fewest_keys = 8;
  static constexpr std::uint32_t most_keys = 1024;

  void refill();

  Random random_;
  std::unique_ptr<MaskKey[]> store_;
  std::uint32_t size_ = 0;
  std::uint32_t used_ = 0;
};

}  // namespace websocket::protocol
