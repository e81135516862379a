// The same message to many apps.
#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>
#include <websocket/app.hpp>
#include <websocket/export.hpp>

namespace websocket {

/// Queues a text message with each of these apps, as their send() would; returns how many queued it.
/// An app that is not open or has no room does not get it, and keeps nobody waiting. From any
/// thread; the apps have to stay until it returns. Text that is not UTF-8 is queued nowhere.
WEBSOCKET_API std::size_t broadcast(std::span<WebSocketApp* const> apps, std::string_view text);
/// The same with a binary message.
WEBSOCKET_API std::size_t broadcast_bytes(std::span<WebSocketApp* const> apps,
                                          std::span<const std::byte> data);
WEBSOCKET_API std::size_t broadcast_bytes(std::span<WebSocketApp* const> apps,
                                          std::string_view data);

/// A range of anything that points to apps: std::vector<std::unique_ptr<WebSocketApp>>, say.
template <class Apps>
concept PointersToApps =
    !std::convertible_to<Apps, std::span<WebSocketApp* const>> && requires(Apps & apps) {
  { **std::begin(apps) } -> std::convertible_to<WebSocketApp&>;
  std::end(apps);
};

template <PointersToApps Apps>
std::vector<WebSocketApp*> pointers_to(Apps&& apps) {
  std::vector<WebSocketApp*> pointers;
  for (auto&& app : apps) pointers.push_back(&static_cast<WebSocketApp&>(*app));
  return pointers;
}
template <PointersToApps Apps>
std::size_t broadcast(Apps&& apps, std::string_view text) {
  return broadcast(std::span<WebSocketApp* const>(pointers_to(apps)), text);
}
template <PointersToApps Apps>
std::size_t broadcast_bytes(Apps&& apps, std::string_view data) {
  return broadcast_bytes(std::span<WebSocketApp* const>(pointers_to(apps)), data);
}

}  // namespace websocket
