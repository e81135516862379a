// The trace as one connection sees it: its lines get the time and the connection's number.
#pragma once

#include <string_view>

#include "base/trace_sink.hpp"

namespace websocket::api {

class ConnectionTrace final : public base::TraceSink {
 public:
  ConnectionTrace();  // takes the next number
  bool enabled() const noexcept override;
  void line(std::string_view text) override;

 private:
  const unsigned number_;
};

}  // namespace websocket::api
