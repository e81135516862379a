// getaddrinfo (RFC 3493 6.1) and what its answers mean. The thread it blocks is resolver.cpp's
// matter.
#include "net/look_up.hpp"

#include <asio/ip/tcp.hpp>  // brings the platform's <netdb.h> or <ws2tcpip.h>
#include <cerrno>
#include <memory>
#include <string_view>

#include "net/endpoint.hpp"

namespace websocket::net {
namespace {

struct FreeAddrinfo {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using AddrinfoPtr = std::unique_ptr<addrinfo, FreeAddrinfo>;

struct Answer {
  int code = 0;
  int system = 0;
  AddrinfoPtr list;
};

Answer ask(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  const int system = errno;
  return {code, system, AddrinfoPtr(code == 0 ? list : nullptr)};
}

std::vector<Address> addresses(const addrinfo* list) {
  std::vector<Address> found;
  for (; list != nullptr; list = list->ai_next) {
    found.push_back(to_address(list->ai_addr, static_cast<std::size_t>(list->ai_addrlen)));
  }
  return found;
}

// getaddrinfo would read no further than a NUL: another host than the one that was asked for.
bool is_cut_short(const std::string& host) { return host.find('\0') != std::string::npos; }

// "localhost" and the names below it, RFC 6761 6.3.
bool is_local_name(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost");
}

// The dot only says that the name is complete, but the hosts file has local names without it.
std::string without_dot_of_local_name(const std::string& host) {
  if (!host.ends_with('.')) return host;
  std::string name = host.substr(0, host.size() - 1);
  return is_local_name(name) ? name : host;
}

}  // namespace

base::Outcome<std::vector<Address>> system_look_up(const std::string& host, std::uint16_t port) {
  if (is_cut_short(host)) return look_up_failure(EAI_NONAME, 0, host);
  // AI_ADDRCONFIG spares us addresses of a family this machine has no network for. It doesn't count
  // loopback as a network, and local names must work without any other.
  const std::string name = without_dot_of_local_name(host);
  const Answer answer = ask(name, port, is_local_name(name) ? 0 : AI_ADDRCONFIG);
  if (answer.code != 0) return look_up_failure(answer.code, answer.system, host);
  std::vector<Address> found = addresses(answer.list.get());
  if (found.empty()) return look_up_failure(EAI_NONAME, 0, host);
  return found;
}

std::optional<Address> numeric_address(const std::string& host, std::uint16_t port) {
  if (is_cut_short(host)) return std::nullopt;
  // Addresses as most people write them need no getaddrinfo. It knows the others: IPv6's zones, and
  // IPv4 with fewer parts or in hexadecimal.
  std::error_code not_dotted;
  const auto ipv4 = asio::ip::make_address_v4(host, not_dotted);
  if (!not_dotted) {
    const asio::ip::tcp::endpoint endpoint(ipv4, port);
    return to_address(endpoint.data(), endpoint.size());
  }
  const Answer answer = ask(host, port, AI_NUMERICHOST);
  if (answer.list == nullptr) return std::nullopt;
  return addresses(answer.list.get()).front();
}

base::Failure look_up_failure(int answer, int system, const std::string& host) {
  const std::string name = "'" + host + "'";
#ifdef EAI_SYSTEM
  if (answer == EAI_SYSTEM) {
    const std::error_code cause(system, std::system_category());
    return {Errc::resolve_failed, name + " could not be looked up: " + cause.message(), cause};
  }
#endif
  bool nobody_has_it = answer == EAI_NONAME;
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
  nobody_has_it = nobody_has_it || answer == EAI_NODATA;
#endif
#ifdef EAI_ADDRFAMILY
  nobody_has_it = nobody_has_it || answer == EAI_ADDRFAMILY;
#endif
  if (nobody_has_it) return {Errc::host_not_found, "no address is known for " + name};
  return {Errc::resolve_failed, name + " could not be looked up: " + ::gai_strerror(answer)};
}

}  // namespace websocket::net
