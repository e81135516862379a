// Holds a callback's handler for a row of calls, so that a call costs a comparison instead of a
// lock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <websocket/app.hpp>
#include <websocket/callback.hpp>
#include <websocket/message.hpp>

namespace websocket::api {

template <class Signature>
class HandlerCache;

template <class... Arguments>
class HandlerCache<void(Arguments...)> {
 public:
  using Function = std::function<void(Arguments...)>;

  // The handler as it is now; null where there is none. The one got before stays until then, also
  // if it replaces itself while it runs.
  const Function* get(const Callback<void(Arguments...)>& callback) {
    const std::uint32_t version = callback.version();
    if (!holds_ || version != version_) {
      version_ = version;
      holds_ = true;
      function_ = callback.current();
    }
    return function_.get();
  }

  // The row has ended: what the handler captured is not ours to keep.
  void let_go() {
    if (!holds_) return;
    holds_ = false;
    function_.reset();
  }

 private:
  bool holds_ = false;
  std::uint32_t version_ = 0;
  std::shared_ptr<const Function> function_;
};

// What is called again and again.
struct HandlerCaches {
  HandlerCache<void(WebSocketApp&, const Message&)> message;
  HandlerCache<void(WebSocketApp&, std::string_view, Opcode, bool)> data;
  HandlerCache<void(WebSocketApp&, std::string_view, bool)> fragment;
};

}  // namespace websocket::api
