// See broadcast.hpp. Each connection has masking keys and a compressor of its own, so that there is
// nothing to share.
#include <websocket/broadcast.hpp>

#include <algorithm>

namespace websocket {

std::size_t broadcast(std::span<WebSocketApp* const> apps, std::string_view text) {
  return static_cast<std::size_t>(std::count_if(apps.begin(), apps.end(), [&](WebSocketApp* app) {
    return app->send(text) == SendResult::queued;
  }));
}

std::size_t broadcast_bytes(std::span<WebSocketApp* const> apps, std::string_view data) {
  return static_cast<std::size_t>(std::count_if(apps.begin(), apps.end(), [&](WebSocketApp* app) {
    return app->send_bytes(data) == SendResult::queued;
  }));
}

std::size_t broadcast_bytes(std::span<WebSocketApp* const> apps, std::span<const std::byte> data) {
  return broadcast_bytes(apps,
                         std::string_view(reinterpret_cast<const char*>(data.data()), data.size()));
}

}  // namespace websocket
