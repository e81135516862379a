// Control frames are answered wherever they come (RFC 6455 5.5): a Close by a Close, after which the
// connection ends, a ping by a pong.
#include "load_tasks.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "frame_layout.hpp"
#include "load_content.hpp"
#include "load_reader.hpp"
#include "load_request.hpp"

namespace bench {
namespace {

constexpr std::string_view done_message = "done";

void unmask(char* bytes, std::size_t size, const char* key) {
  std::uint32_t four = 0;
  std::memcpy(&four, key, sizeof four);
  const std::uint64_t mask = std::uint64_t{four} << 32U | four;
  std::size_t i = 0;
  for (; i + sizeof mask <= size; i += sizeof mask) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + i, sizeof word);
    word ^= mask;
    std::memcpy(bytes + i, &word, sizeof word);
  }
  for (; i < size; ++i) bytes[i] = static_cast<char>(bytes[i] ^ key[i % 4]);
}

std::string server_frame(unsigned char first, std::string_view payload) {
  return server_header(first, payload.size()).append(payload);
}

unsigned char whole(Kind kind) {
  return static_cast<unsigned char>(0x80U | static_cast<unsigned>(kind));
}

// All that were asked for, until nobody takes them any more.
void send_messages(Stream& stream, const Request& request) {
  const auto block = frame_block(request);
  for (std::size_t left = request.count; left > 0;) {
    const std::size_t frames = std::min(left, block->frames());
    const std::string_view bytes = block->first(frames);
    const bool sent = request.sendfile ? stream.send_file(block->file().descriptor(), bytes.size())
                                       : stream.write(bytes);
    if (!sent) return;
    left -= frames;
  }
}

class WebSocketConnection {
 public:
  WebSocketConnection(Stream& stream, Reader& reader, const Request& request)
      : stream_(stream), reader_(reader), request_(request) {}

  void run() {
    switch (request_.task) {
      case Task::firehose:
        send_messages(stream_, request_);
        break;
      case Task::sink:
        take_messages();
        break;
      case Task::echo:
        echo_messages();
        break;
    }
    // What still comes is a Close frame, or nobody reads it.
    for (ClientFrame frame; next_data(frame);) {
      if (!reader_.skip(frame.size)) return;
    }
  }

 private:
  void take_messages() {
    std::size_t size = 0;  // of the message, so far
    for (std::size_t left = request_.count; left > 0;) {
      ClientFrame frame;
      if (!next_data(frame) || !reader_.skip(frame.size)) return;
      size += frame.size;
      if (!frame.is_last()) continue;
      if (size != request_.size && !request_.deflate) return refuse(size);
      size = 0;
      --left;
    }
    stream_.write(server_frame(whole(request_.text ? Kind::text : Kind::binary), done_message));
  }

  void refuse(std::size_t size) {
    constexpr std::string_view policy_violation = "\x03\xF0";
    const std::string reason = "a message of " + std::to_string(size) + " bytes came instead of " +
                               std::to_string(request_.size);
    stream_.write(server_frame(whole(Kind::close), std::string(policy_violation) + reason));
    closed_ = true;
  }

  // A whole message of the size that was announced has its answer ready, and any other goes back as
  // it came: also fragment by fragment, and compressed as it is.
  void echo_messages() {
    const std::string payload(request_.size, 'x');
    std::string text = server_frame(whole(Kind::text), payload);
    std::string binary = server_frame(whole(Kind::binary), payload);
    for (ClientFrame frame; next_data(frame);) {
      const bool ready = frame.size == request_.size;
      if (ready && (frame.first == whole(Kind::binary) || frame.first == whole(Kind::text))) {
        const bool is_text = frame.kind() == Kind::text;
        if (!reader_.skip(frame.size) || !stream_.write(is_text ? text : binary)) return;
      } else if (!echo(frame)) {
        return;
      }
    }
  }

  bool echo(const ClientFrame& frame) {
    std::string answer = server_header(frame.first, frame.size);
    const std::size_t header = answer.size();
    answer.resize(header + frame.size);
    if (!reader_.read(answer.data() + header, frame.size)) return false;
    unmask(answer.data() + header, frame.size, frame.key);
    return stream_.write(answer);
  }

  // The header of the next frame that is part of a message; false when the connection is over.
  bool next_data(ClientFrame& frame) {
    while (!closed_ && reader_.read_header(frame)) {
      if (!frame.is_control()) return true;
      if (!answer_control(frame)) return false;
    }
    return false;
  }

  bool answer_control(const ClientFrame& frame) {
    constexpr std::size_t longest = 125;
    std::array<char, longest> payload{};
    if (frame.size > longest || !reader_.read(payload.data(), frame.size)) return false;
    unmask(payload.data(), frame.size, frame.key);
    const std::string_view data(payload.data(), frame.size);
    closed_ = frame.kind() == Kind::close;
    if (closed_) return stream_.write(server_frame(whole(Kind::close), data.substr(0, 2)));
    return frame.kind() != Kind::ping || stream_.write(server_frame(whole(Kind::pong), data));
  }

  Stream& stream_;
  Reader& reader_;
  const Request& request_;
  bool closed_ = false;
};

// As many bytes as a WebSocket client and its server have in their frames.
void serve_plain(Stream& stream, Reader& reader, const Request& request) {
  const std::size_t asked = client_frame_size(request.size);
  switch (request.task) {
    case Task::firehose:
      send_messages(stream, request);
      break;
    case Task::sink:
      if (reader.skip(request.count * asked)) {
        stream.write(server_frame(whole(Kind::binary), done_message));
      }
      break;
    case Task::echo: {
      const std::string answer = server_frame(whole(Kind::binary), std::string(request.size, 'x'));
      while (reader.skip(asked) && stream.write(answer)) {
      }
      break;
    }
  }
}

}  // namespace

void serve(Stream& stream) {
  Reader reader(stream);
  const auto request = read_request(reader.read_head());
  if (!request) {
    stream.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  } else if (request->websocket) {
    // Before the answer, since clients look at their watch when they have it.
    if (request->task == Task::firehose) static_cast<void>(frame_block(*request));
    if (stream.write(request->answer)) WebSocketConnection(stream, reader, *request).run();
  } else {
    serve_plain(stream, reader, *request);
  }
  stream.finish();
}

}  // namespace bench
