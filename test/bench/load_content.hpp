// What the load server sends: messages of a given size, framed beforehand.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "load_request.hpp"

namespace bench {

/// A file in memory.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

/// Whole frames, one after the other.
class FrameBlock {
 public:
  FrameBlock(std::vector<std::string> frames, std::size_t at_least);

  std::size_t frames() const { return ends_.size(); }
  /// The first so many of them.
  std::string_view first(std::size_t frames) const {
    return std::string_view(bytes_).substr(0, frames == 0 ? 0 : ends_[frames - 1]);
  }
  /// The same bytes.
  const MemoryFile& file() const { return *file_; }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
  std::unique_ptr<const MemoryFile> file_;
};

/// Made once for all connections that ask for the same.
std::shared_ptr<const FrameBlock> frame_block(const Request& request);

/// A message for permessage-deflate (RFC 7692 7.2.1). Throws where the load server was built without
/// zlib.
std::string deflate_message(const std::string& message, int window_bits);

}  // namespace bench
