#include "load_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bench {
namespace {

std::size_t length_field(std::size_t size) { return size < 126 ? 0 : size < 65536 ? 2 : 8; }

std::string path(const Task& task) {
  static constexpr const char* names[] = {"/firehose", "/sink", "/echo"};
  return std::string(names[static_cast<std::size_t>(task.kind)]) +
         "?size=" + std::to_string(task.size) + "&count=" + std::to_string(task.count);
}

std::size_t number_behind(const std::string& text, std::string_view name) {
  const std::size_t at = text.find(name);
  return at == std::string::npos ? 0 : std::strtoul(text.c_str() + at + name.size(), nullptr, 10);
}

Task task_of(const std::string& head) {
  const auto kind = head.find("/firehose") < 8 ? Task::Kind::firehose
                    : head.find("/sink") < 8   ? Task::Kind::sink
                                               : Task::Kind::echo;
  return {kind, number_behind(head, "size="), number_behind(head, "count=")};
}

std::string read_head(PlainSocket& socket) {
  std::string head;
  for (char byte = 0; !head.ends_with("\r\n\r\n") && socket.read(&byte, 1) == 1;) head += byte;
  return head;
}

std::string accept_value(const std::string& head) {
  constexpr std::string_view field = "Sec-WebSocket-Key: ";
  const std::size_t at = head.find(field) + field.size();
  const std::string text =
      head.substr(at, head.find('\r', at) - at) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  char encoded[32];
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded), digest, SHA_DIGEST_LENGTH);
  return encoded;
}

std::string frame(std::size_t size) {
  std::string bytes = "\x82";
  const std::size_t extended = length_field(size);
  bytes += static_cast<char>(extended == 0 ? size : extended == 2 ? 126 : 127);
  for (std::size_t i = extended; i > 0; --i) bytes += static_cast<char>(size >> (8 * (i - 1)));
  return bytes + std::string(size, 'x');
}

void send_frames(PlainSocket& socket, const Task& task) {
  const std::string block = server_frames(task.size, task.count);
  const std::size_t each = server_frame_size(task.size);
  for (std::size_t left = task.count * each; left > 0;) {
    const std::size_t size = std::min(left, block.size());
    if (!socket.write(std::string_view(block).substr(0, size))) return;
    left -= size;
  }
}

// What a client frames is as long as what it says, masked or not: the sizes are all that matters
// here.
void echo(PlainSocket& socket, const Task& task) {
  const std::string answer = frame(task.size);
  while (socket.discard(client_frame_size(task.size))) {
    if (!socket.write(answer)) return;
  }
}

}  // namespace

std::size_t client_frame_size(std::size_t size) { return 2 + length_field(size) + 4 + size; }
std::size_t server_frame_size(std::size_t size) { return 2 + length_field(size) + size; }

std::string server_frames(std::size_t size, std::size_t count) {
  const std::string one = frame(size);
  const std::size_t wanted = std::min(count, (std::size_t{256} << 10U) / one.size() + 1);
  std::string all;
  for (std::size_t i = 0; i < wanted; ++i) all += one;
  return all;
}

LoadServer::LoadServer() {
  listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the benchmark's server cannot listen");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { accept_all(); });
}

LoadServer::~LoadServer() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

// One connection at a time: the benchmark has no more.
void LoadServer::accept_all() {
  for (;;) {
    const int descriptor = ::accept(listener_, nullptr, nullptr);
    if (descriptor < 0) return;
    serve(PlainSocket(descriptor));
  }
}

void LoadServer::serve(PlainSocket socket) {
  const std::string head = read_head(socket);
  if (head.starts_with("GET ")) {
    socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        accept_value(head) + "\r\n\r\n");
  }
  const Task task = task_of(head);
  switch (task.kind) {
    case Task::Kind::firehose:
      send_frames(socket, task);
      break;
    case Task::Kind::sink:
      if (socket.discard(task.count * client_frame_size(task.size))) socket.write(frame(4));
      break;
    case Task::Kind::echo:
      echo(socket, task);
      break;
  }
  // Whatever comes now is a Close frame, or the end.
  if (socket.discard(1)) socket.write(std::string_view("\x88\x00", 2));
}

std::string LoadServer::url(const Task& task) const {
  return "ws://127.0.0.1:" + std::to_string(port_) + path(task);
}

PlainSocket LoadServer::plain(const Task& task) const {
  PlainSocket socket = PlainSocket::connect(port_);
  socket.write("PLN " + path(task) + "\r\n\r\n");
  return socket;
}

}  // namespace bench
