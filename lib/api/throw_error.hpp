// From an Error to the exception of the synchronous face that stands for its condition.
#pragma once

#include <string>
#include <websocket/close.hpp>
#include <websocket/error.hpp>

namespace websocket::api {

[[noreturn]] void throw_error(Error error, const CloseInfo& close_info = {});
[[noreturn]] void throw_error(Errc code, Stage stage, std::string message,
                              const CloseInfo& close_info = {});

}  // namespace websocket::api
