// One copy of the options for apps that were given the same: there may be thousands.
#pragma once

#include <memory>
#include <mutex>
#include <websocket/options.hpp>

namespace websocket::api {

using SharedOptions = std::shared_ptr<const ConnectOptions>;

// Whether it makes no difference which of them an app is given.
bool are_same(const ConnectOptions& a, const ConnectOptions& b);

// The latest options of a loop's apps. Any thread.
class OptionsInUse {
 public:
  SharedOptions share(ConnectOptions&& options);

 private:
  std::mutex mutex_;
  std::weak_ptr<const ConnectOptions> latest_;
};

// Those of the process's WebSockets, which have a loop each.
SharedOptions shared(ConnectOptions&& options);

// The defaults are there once, too.
std::shared_ptr<const RunOptions> shared(RunOptions options);

}  // namespace websocket::api
