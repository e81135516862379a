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
    if (version != version_) get_again(callback, version);
    return function_.get();
  }
  void forget() noexcept {
    version_ = never_assigned;
    function_.reset();
  }

 private:
  // Of such a callback we know all there is to know.
  static constexpr std::uint32_t never_assigned = 0;

  void get_again(const Callback<void(Arguments...)>& callback, std::uint32_t version) {
    version_ = version;
    function_ = callback.current();
  }

  std::uint32_t version_ = never_assigned;
  std::shared_ptr<const Function> function_;
};

// What is called again and again.
struct HandlerCaches {
  HandlerCache<void(WebSocketApp&, const Message&)> message;
  HandlerCache<void(WebSocketApp&, std::string_view, Opcode, bool)> data;
  HandlerCache<void(WebSocketApp&, std::string_view, bool)> fragment;

  void forget() noexcept {
    message.forget();
    data.forget();
    fragment.forget();
  }
};

}  // namespace websocket::api
