// The server's side of a connection, as far as it reads: RFC 6455 5.4 and RFC 7692 6.2 written apart
// from the library's code, with zlib used directly.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/wire.hpp"
#include "protocol/zlib_peer.hpp"

namespace parts {

struct Arrived {
  std::string text;
  bool compressed = false;
  std::size_t frames = 0;
};

class InflatingPeer {
 public:
  explicit InflatingPeer(bool takeover = true) : takeover_(takeover) {}

  // Another connection.
  void reset() {
    zlib_.reset();
    current_.reset();
  }

  // Whole frames.
  void read(std::string_view bytes) {
    for (const wire::Frame& frame : wire::parse(bytes)) read(frame);
  }

  // What came since the last time; what is not whole stays.
  std::vector<Arrived> messages() { return std::exchange(messages_, {}); }
  // The same as words: "hello", "~hello" for a compressed one, and the number of its frames where
  // that is not one: "3 ~hello".
  std::vector<std::string> words() {
    std::vector<std::string> words;
    for (const Arrived& message : messages()) {
      words.push_back((message.frames > 1 ? std::to_string(message.frames) + " " : "") +
                      (message.compressed ? "~" : "") + message.text);
    }
    return words;
  }
  std::vector<std::string> pings() { return std::exchange(pings_, {}); }
  bool is_between_messages() const { return !current_; }

 private:
  void read(const wire::Frame& frame) {
    REQUIRE(frame.key.has_value());
    if (frame.opcode == 9) {
      CHECK(frame.reserved == 0);
      return pings_.push_back(frame.payload);
    }
    REQUIRE((frame.opcode == 0) == current_.has_value());  // no message within another
    if (!current_) {
      CHECK((frame.reserved & 3U) == 0);
      current_ = {.text = {}, .compressed = frame.reserved == 4};
    } else {
      CHECK(frame.reserved == 0);
    }
    current_->text += frame.payload;
    ++current_->frames;
    if (frame.fin) end_message();
  }
  void end_message() {
    if (current_->compressed) {
      auto inflated = zlib_.message(current_->text);
      REQUIRE(inflated.has_value());
      current_->text = std::move(*inflated);
      if (!takeover_) zlib_.reset();
    }
    messages_.push_back(std::move(*current_));
    current_.reset();
  }

  bool takeover_;
  zlib_peer::Decompressor zlib_;
  std::optional<Arrived> current_;
  std::vector<Arrived> messages_;
  std::vector<std::string> pings_;
};

}  // namespace parts
