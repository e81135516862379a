// Where one connection's trace lines go. The layers below `api` know no more of the trace than
// this.
#pragma once

#include <string_view>

namespace websocket::base {

class TraceSink {
 public:
  virtual ~TraceSink() = default;
  // Asked before a line is put together; it changes when the program turns the trace on or off.
  virtual bool enabled() const noexcept = 0;
  virtual void line(std::string_view text) = 0;
};

}  // namespace websocket::base
