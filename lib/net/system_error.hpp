// Asio has a category of its own for the system's errors, which compares equal to nothing else.
// Whoever sees our codes knows the standard library alone.
#pragma once

#include <cstddef>  // before Asio, see asio.cpp

#include <asio/error.hpp>
#include <system_error>

namespace websocket::net {

inline std::error_code as_system_error(std::error_code error) noexcept {
  if (error.category() != asio::error::get_system_category()) return error;
  return {error.value(), std::system_category()};
}

}  // namespace websocket::net
