// A message as the synchronous face gives it away: a copy of what was received, as whatever was
// asked for.
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <websocket/message.hpp>

namespace websocket::api {

template <class Result>
Result owned(const Message& message) {
  if constexpr (std::is_same_v<Result, std::string>) {
    return std::string(message.data);
  } else {
    return ReceivedMessage{std::string(message.data), message.opcode};
  }
}
// Of one that was copied before, and is not copied again.
template <class Result>
Result owned(ReceivedMessage&& message) {
  if constexpr (std::is_same_v<Result, std::string>) {
    return std::move(message.data);
  } else {
    return std::move(message);
  }
}

}  // namespace websocket::api
