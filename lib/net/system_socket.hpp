// The system's calls for TCP sockets: non-blocking, but for one, without SIGPIPE, and not inherited by
// the child processes of the host program. The body is for POSIX; other systems want another file in its
// place.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <system_error>

#include "net/endpoint.hpp"

namespace websocket::net::system_socket {

using Descriptor = int;
constexpr Descriptor none = -1;

// For addresses of that family (AF_INET, ...).
Descriptor open(int family, std::error_code& error);
void close(Descriptor socket) noexcept;

struct Option {
  int level;
  int name;
};
extern const Option no_delay, keep_alive, send_buffer_size, receive_buffer_size;
std::error_code set(Descriptor socket, const Option& option, int value);

std::error_code bind(Descriptor socket, const Endpoint& local);
// Begins to; is_under_way() says of the result that it takes a while. The socket becomes ready to
// write then, and take_error() tells how it went.
std::error_code connect(Descriptor socket, const Endpoint& remote);
bool is_under_way(std::error_code error);
std::error_code take_error(Descriptor socket);

Endpoint local_endpoint(Descriptor socket, std::error_code& error);
// is_not_connected() says of the error that it is under way still.
Endpoint remote_endpoint(Descriptor socket, std::error_code& error);
bool is_not_connected(std::error_code error);

// How much was moved. is_would_block() says of an error that there is nothing to move now; 0 without
// an error is the end of the stream.
std::size_t read(Descriptor socket, std::span<char> into, std::error_code& error);
// After let_wait() wait_and_read() waits for something to read, about longest_read_wait at most, less
// where a signal comes. On Linux it also takes what arrives while it goes on, which a read that must
// not wait leaves behind: that is why it is of use too where something is known to be there. False:
// the platform has no such thing.
constexpr std::chrono::milliseconds longest_read_wait{50};
bool let_wait(Descriptor socket);
std::size_t wait_and_read(Descriptor socket, std::span<char> into, std::error_code& error);
std::size_t write(Descriptor socket, std::span<const char> from, std::error_code& error);
bool is_would_block(std::error_code error);
std::error_code shut_down_sending(Descriptor socket);

}  // namespace websocket::net::system_socket
