#include "protocol/mask_keys.hpp"

#include <algorithm>
#include <utility>

namespace websocket::protocol {

MaskKeys::MaskKeys(Random random) : random_(std::move(random)) {}

void MaskKeys::refill() {
  const std::uint32_t size = std::clamp(size_ * 2, fewest_keys, most_keys);
  if (size != size_) {
    store_ = std::make_unique_for_overwrite<MaskKey[]>(size);
    size_ = used_ = size;
  }
  random_(std::as_writable_bytes(std::span(store_.get(), size_)));
  used_ = 0;
}

}  // namespace websocket::protocol
