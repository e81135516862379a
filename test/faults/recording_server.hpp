// The foreign server that writes down what it got (recording_server.py), as a process, and its
// records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/certificates.hpp"
#include "support/process.hpp"

namespace faults {

/// Used by one thread. It ends with this object.
class RecordingServer {
 public:
  /// Throws when it is installed and yet does not come up.
  explicit RecordingServer(const support::Certificate* tls = nullptr);

  /// Why it does not run; empty when it does.
  const std::string& missing() const { return missing_; }
  std::uint16_t port() const { return port_; }

  struct Record {
    std::size_t messages = 0;
    std::size_t first = 0;  ///< the first one's number; the others' follow it
  };
  /// What it got on the connection with that X-Attempt; waits until that has ended there. The
  /// record is given once. Nullopt when it did not come in time.
  [[nodiscard]] std::optional<Record> record(
      const std::string& attempt, support::Milliseconds deadline = support::default_deadline);
  /// How many messages that were, their numbers beginning with 0; else there is a complaint.
  [[nodiscard]] std::optional<std::size_t> got(
      const std::string& attempt, support::Milliseconds deadline = support::default_deadline);
  /// What it found wrong so far.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  void take(const std::string& line);

  std::string missing_;
  std::uint16_t port_ = 0;
  std::optional<support::Process> process_;
  std::map<std::string, Record> records_;
  std::vector<std::string> complaints_;
};

}  // namespace faults
