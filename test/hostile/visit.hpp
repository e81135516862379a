// How a program meets a server: three connections of one object, one after the other, on either
// face. The second one is where the server is hostile; the first and the last show that the object
// is as usable afterwards as it was before. Knows the public API alone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>
#include <websocket/websocket.hpp>

namespace hostile {

enum class Face { app, client };
inline constexpr Face both_faces[] = {Face::app, Face::client};
std::string name_of(Face face);

/// What was told of one connection.
struct Seen {
  std::vector<websocket::Error> errors;  ///< on_error, or what was thrown where it is no close
  unsigned ends = 0;                     ///< on_close; what was thrown at last
  websocket::CloseInfo info;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::vector<std::string> texts;  ///< of the short messages, the first ones
};

struct Visit {
  Seen before;
  Seen hostile;
  Seen after;
};

/// What a visitor does besides listening.
struct Manners {
  unsigned texts_to_send = 0;  ///< on each hostile connection, as soon as it is open
  std::function<void()> before_hostile{};
  std::function<void()> after_hostile{};
};

/// Everything happens on the calling thread. Ends the program with a sentence when what has ended goes
/// on all the same.
Visit visit(Face face, const std::string& url, const websocket::ConnectOptions& options,
            const Manners& manners = {});

/// Options with a small close_timeout.
websocket::ConnectOptions quick();

}  // namespace hostile
