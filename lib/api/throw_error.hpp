// From an Error to the exception of the synchronous face that stands for its condition.
#pragma once

#include <websocket/close.hpp>
#include <websocket/error.hpp>

namespace websocket::api {

[[noreturn]] void throw_error(Error error, const CloseInfo& close_info = {});

}  // namespace websocket::api
