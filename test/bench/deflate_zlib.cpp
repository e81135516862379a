// permessage-deflate (RFC 7692) with zlib, for messages that are compressed by themselves.
#include <zlib.h>

#include <stdexcept>

#include "load_content.hpp"

namespace bench {

std::string deflate_message(const std::string& message, int window_bits) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -window_bits, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("zlib cannot be set up");
  }
  std::string compressed(deflateBound(&stream, static_cast<uLong>(message.size())) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
  stream.avail_in = static_cast<uInt>(message.size());
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_out = static_cast<uInt>(compressed.size());
  deflate(&stream, Z_SYNC_FLUSH);
  compressed.resize(stream.total_out);
  deflateEnd(&stream);
  // "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end" (RFC 7692 7.2.1).
  compressed.resize(compressed.size() - 4);
  return compressed;
}

}  // namespace bench
