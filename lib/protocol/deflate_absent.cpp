// The library without zlib: permessage-deflate is not offered, so nobody ever gets here.
#include "protocol/deflate.hpp"

namespace websocket::protocol {

bool deflate_is_available() noexcept { return false; }

struct Deflater::Stream {};

Deflater::Deflater(const DeflateSide& own, int level) : side_(own), level_(level) {}
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater& Deflater::operator=(Deflater&&) noexcept = default;
Deflater::~Deflater() = default;
void Deflater::compress(std::string_view, bool, base::Buffer&) {}
void Deflater::forget() noexcept {}
void Deflater::rest() noexcept {}

struct Inflater::Stream {};

Inflater::Inflater(const DeflateSide& peer) : side_(peer) {}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;
Inflater::Result Inflater::inflate_some(std::string_view&, base::StringBuffer&, std::size_t,
                                        std::size_t) {
  return Result::invalid;
}
Inflater::Result Inflater::end_message(base::StringBuffer&, std::size_t) { return Result::invalid; }
void Inflater::rest() noexcept {}

}  // namespace websocket::protocol
