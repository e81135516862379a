#include "recording_server.hpp"

#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace faults {
namespace {

// The distribution's interpreter: its packages are what the server imports, and PATH may have
// another.
std::string python() {
  const char* chosen = std::getenv("WEBSOCKETAPP_PYTHON");
  return chosen && *chosen ? chosen : "/usr/bin/python3";
}

support::Command command(const support::Certificate* tls) {
  support::Command result{{python(), WEBSOCKETAPP_RECORDING_SERVER}};
  if (tls) {
    for (const std::string& argument :
         {std::string("--tls-cert"), tls->certificate, std::string("--tls-key"), tls->key}) {
      result.arguments.push_back(argument);
    }
  }
  return result;
}

}  // namespace

RecordingServer::RecordingServer(const support::Certificate* tls) {
  try {
    process_.emplace(command(tls));
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::no_such_file_or_directory) throw;
    missing_ = python() + " is not installed";
    return;
  }
  const std::string line = process_->read_line().value_or("");
  std::istringstream words(line);
  std::string first;
  words >> first;
  if (first == "MISSING") {
    missing_ = line.substr(first.size() + 1);
  } else if (first != "READY" || !(words >> port_)) {
    throw std::runtime_error("the recording server did not say READY but: " + line + "\n" +
                             process_->errors());
  }
}

std::optional<std::size_t> RecordingServer::got(const std::string& attempt,
                                                support::Milliseconds deadline) {
  const auto found = record(attempt, deadline);
  if (!found) return std::nullopt;
  if (found->first != 0) complaints_.push_back("the first message of " + attempt + " is missing");
  return found->messages;
}

std::optional<RecordingServer::Record> RecordingServer::record(const std::string& attempt,
                                                               support::Milliseconds deadline) {
  const support::Deadline until(deadline);
  for (;;) {
    const auto found = records_.find(attempt);
    if (found != records_.end()) {
      const Record record = found->second;
      records_.erase(found);
      return record;
    }
    const auto line = process_->read_line(support::Milliseconds(until.left()));
    if (!line) return std::nullopt;
    take(*line);
  }
}

void RecordingServer::take(const std::string& line) {
  std::istringstream words(line);
  std::string first;
  std::string attempt;
  Record record;
  if (words >> first >> attempt >> record.messages >> record.first && first == "GOT") {
    records_[attempt] = record;
  } else {
    complaints_.push_back(line);
  }
}

}  // namespace faults
