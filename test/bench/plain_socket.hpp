// A blocking TCP socket and nothing else: what the benchmark compares with, and what its server is
// made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

class PlainSocket {
 public:
  explicit PlainSocket(int descriptor);
  ~PlainSocket();
  PlainSocket(PlainSocket&& other) noexcept;
  PlainSocket& operator=(PlainSocket&&) = delete;

  static PlainSocket connect(std::uint16_t port);

  // At least one byte; 0 at the end.
  std::size_t read(char* into, std::size_t size);
  // False when the connection ended before.
  bool read_all(char* into, std::size_t size);
  bool discard(std::size_t size);
  bool write(std::string_view bytes);

 private:
  int descriptor_;
};

}  // namespace bench
