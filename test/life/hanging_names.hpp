// Names whose look-up hangs for as long as a test wants: this program's own getaddrinfo stands in front
// of the system's, which answers all other names.
#pragma once

#include <string>

#include "support/event.hpp"

namespace life {

/// While it lives, looking up `name()` takes until `answer()`, and then says that there is no such
/// host. Each has a name of its own.
class HangingName {
 public:
  HangingName();
  ~HangingName();
  HangingName(const HangingName&) = delete;
  HangingName& operator=(const HangingName&) = delete;

  const std::string& name() const { return name_; }
  /// Whether somebody has begun to look it up.
  [[nodiscard]] bool is_asked();
  void answer();

 private:
  std::string name_;
};

}  // namespace life
