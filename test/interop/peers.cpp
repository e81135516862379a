// Starting the peers; the programs lie in test/peers.
#include "peers.hpp"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "support/tally.hpp"

namespace interop {
namespace {

std::string environment_or(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : otherwise;
}

std::string peers_directory() { return WEBSOCKETAPP_PEERS_DIRECTORY; }

// The distribution's interpreter: its packages are what these peers import, and PATH may have
// another.
std::string python() { return environment_or("WEBSOCKETAPP_PYTHON", "/usr/bin/python3"); }

support::Command python_peer(const std::string& program) {
  return {{python(), peers_directory() + "/" + program}};
}

support::Command command_for(Kind kind) {
  switch (kind) {
    case Kind::python_websockets:
      return python_peer("python_websockets.py");
    case Kind::tornado:
      return python_peer("python_tornado.py");
    case Kind::node_ws:
      return {{"node", environment_or("WEBSOCKETAPP_NODE_PEERS", peers_directory() + "/node_ws") +
                           "/server.mjs"}};
  }
  throw std::logic_error("no such peer");
}

support::Command command_for(Kind kind, const PeerOptions& options) {
  support::Command command = command_for(kind);
  const auto add = [&](const std::vector<std::string>& more) {
    command.arguments.insert(command.arguments.end(), more.begin(), more.end());
  };
  add({"--port", std::to_string(options.port)});
  if (options.tls) add({"--tls-cert", options.tls->certificate, "--tls-key", options.tls->key});
  if (!options.client_authority.empty()) add({"--tls-client-ca", options.client_authority});
  if (options.tls_1_2_at_most) add({"--tls-1-2"});
  return command;
}

}  // namespace

Peer::Peer(Kind kind, const PeerOptions& options)
    : Peer(command_for(kind, options), options.tls != nullptr) {}

Peer::Peer(support::Command command, bool tls) : tls_(tls) { start(std::move(command)); }

std::unique_ptr<Peer> Peer::nginx(const Peer& behind, const support::Certificate& certificate) {
  support::Command command = python_peer("nginx.py");
  for (const std::string& argument :
       {std::string("--cert"), certificate.certificate, std::string("--key"), certificate.key,
        std::string("--upstream"), "127.0.0.1:" + std::to_string(behind.port())}) {
    command.arguments.push_back(argument);
  }
  return std::unique_ptr<Peer>(new Peer(std::move(command), true));
}

std::unique_ptr<Peer> Peer::raw_accept() {
  return std::unique_ptr<Peer>(new Peer(python_peer("raw_accept.py"), false));
}

void Peer::start(support::Command command) {
  const std::string program = command.arguments[0];
  const std::string script = command.arguments[1];
  if (!std::filesystem::exists(script)) throw std::runtime_error("there is no " + script);
  try {
    process_ = std::make_unique<support::Process>(std::move(command));
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::no_such_file_or_directory) throw;
    missing_ = program + " is not installed";
    return;
  }
  constexpr std::string_view ready = "READY ";
  constexpr std::string_view gone = "MISSING ";
  const std::string line = process_->read_line().value_or("");
  if (line.starts_with(gone)) {
    missing_ = line.substr(gone.size());
  } else if (line.starts_with(ready)) {
    std::from_chars(line.data() + ready.size(), line.data() + line.size(), port_);
  }
  if (missing_.empty() && port_ == 0) {
    throw std::runtime_error(script + " did not say READY but: " + line + "\n" +
                             process_->errors());
  }
}

std::string Peer::url_of(std::string_view host, std::string_view path) const {
  std::string result = tls_ ? "wss://" : "ws://";
  result += host;
  result += ":" + std::to_string(port_);
  result += path;
  return result;
}

bool Peer::saw_close(std::uint16_t code, std::string_view reason) {
  std::string line = "CLOSED " + std::to_string(code) + " ";
  line += reason;
  return process_->read_line_beginning(line).has_value();
}

Peer& shared(Kind kind) {
  switch (kind) {
    case Kind::python_websockets: {
      static Peer peer(Kind::python_websockets);
      return peer;
    }
    case Kind::tornado: {
      static Peer peer(Kind::tornado);
      return peer;
    }
    case Kind::node_ws: {
      static Peer peer(Kind::node_ws);
      return peer;
    }
  }
  throw std::logic_error("no such peer");
}

bool skip_without(const Peer& peer) {
  if (peer.missing().empty()) return false;
  support::skip(peer.missing());
  return true;
}

}  // namespace interop
