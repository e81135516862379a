// The client's half of the opening handshake: see handshake_request.hpp. RFC 6455 4.1.
#include "protocol/handshake_request.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/ascii.hpp"
#include "protocol/deflate_offer.hpp"
#include "protocol/handshake_key.hpp"

namespace websocket::protocol {

namespace {

using base::Failure;

constexpr std::size_t usual_size = 512;  // most requests need no more

// Who writes a field of a given name.
enum class Owner : std::uint8_t {
  program,
  host,         // the handshake, unless the program gives its own
  origin,       // likewise
  user_agent,   // an option, unless the program gives its own
  credentials,  // the URL's user info, unless the program gives its own
  cookie,       // one field for everything
  subprotocol,  // an option alone
  handshake     // nobody else
};

Owner owner_of(std::string_view name) {
  struct Row {
    std::string_view name;
    Owner owner;
  };
  constexpr std::array table{Row{"Host", Owner::host},
                             Row{"Origin", Owner::origin},
                             Row{"User-Agent", Owner::user_agent},
                             Row{"Authorization", Owner::credentials},
                             Row{"Cookie", Owner::cookie},
                             Row{"Sec-WebSocket-Protocol", Owner::subprotocol},
                             Row{"Upgrade", Owner::handshake},
                             Row{"Connection", Owner::handshake},
                             Row{"Sec-WebSocket-Key", Owner::handshake},
                             Row{"Sec-WebSocket-Version", Owner::handshake},
                             Row{"Sec-WebSocket-Accept", Owner::handshake},
                             Row{"Sec-WebSocket-Extensions", Owner::handshake},
                             Row{"Content-Length", Owner::handshake},
                             Row{"Transfer-Encoding", Owner::handshake}};
  const auto row = std::find_if(table.begin(), table.end(), [name](const Row& candidate) {
    return base::equal_ignoring_case(candidate.name, name);
  });
  return row == table.end() ? Owner::program : row->owner;
}

Failure refuse(std::string_view name, std::string_view why) {
  // Somebody may have put a whole "Authorization: Bearer ..." where the name belongs.
  const std::string_view shown = name.substr(0, name.find(':'));
  std::string message = "the header field \"" + base::printable(shown, 60) + "\" ";
  return {Errc::invalid_header, message.append(why)};
}

// The value itself stays out of the sentence: it may be a secret.
std::optional<Failure> check_value(std::string_view name, std::string_view value) {
  const auto bad = std::find_if(value.begin(), value.end(), base::is_forbidden_in_field);
  if (bad == value.end()) return std::nullopt;
  if (*bad == '\r' || *bad == '\n') return refuse(name, "has a line break in its value");
  if (*bad == '\0') return refuse(name, "has a NUL in its value");
  return refuse(name, "has a control character in its value");
}

std::optional<Failure> check_field(std::string_view name, std::string_view value) {
  if (!base::is_token(name)) {
    return refuse(name, "has a name that is not made of letters, digits and the marks of RFC 9110");
  }
  switch (owner_of(name)) {
    case Owner::program:
    case Owner::host:
    case Owner::origin:
    case Owner::user_agent:
    case Owner::credentials:
    case Owner::cookie:
      return check_value(name, value);
    case Owner::subprotocol:
      return refuse(name, "is written by the handshake; use ConnectOptions::subprotocols");
    case Owner::handshake:
      return refuse(name, "belongs to the handshake and cannot be set");
  }
  return std::nullopt;
}

// RFC 6455 4.1: "The elements that comprise this value MUST be non-empty strings with characters in
// the range U+0021 to U+007E not including separator characters as defined in [RFC2616] and MUST
// all be unique strings."
std::optional<Failure> check_subprotocols(const std::vector<std::string>& subprotocols) {
  for (auto it = subprotocols.begin(); it != subprotocols.end(); ++it) {
    const std::string shown = "the subprotocol \"" + base::printable(*it, 60) + "\" ";
    if (!base::is_token(*it)) {
      return Failure{Errc::invalid_subprotocol,
                     shown + "is not made of letters, digits and the marks of RFC 9110"};
    }
    if (std::find(subprotocols.begin(), it, *it) != it) {
      return Failure{Errc::invalid_subprotocol, shown + "is offered twice"};
    }
  }
  return std::nullopt;
}

// The program's fields, those of the options and then those of the factory, sorted by what becomes
// of them.
struct ProgramFields {
  Headers as_given;
  std::optional<std::string> host;
  std::optional<std::string> origin;
  bool has_user_agent = false;
  bool has_authorization = false;
  std::vector<std::string> cookies;
};

// RFC 9112 3.2: a request with more than one Host is answered with 400; RFC 6454 7.3 knows one
// Origin.
std::optional<Failure> set_once(std::optional<std::string>& slot, const Headers::Field& field,
                                const std::string& option) {
  if (slot) return refuse(field.first, "is given twice");
  if (!option.empty()) return refuse(field.first, "is given twice: by an option and as a header");
  slot = field.second;
  return std::nullopt;
}

std::optional<Failure> add_field(ProgramFields& fields, const Headers::Field& field,
                                 const ConnectOptions& options) {
  const auto& [name, value] = field;
  if (auto failure = check_field(name, value)) return failure;
  switch (owner_of(name)) {
    case Owner::host:
      return set_once(fields.host, field, options.host);
    case Owner::origin:
      return set_once(fields.origin, field, options.origin);
    case Owner::cookie:
      fields.cookies.push_back(value);
      return std::nullopt;
    case Owner::user_agent:
      fields.has_user_agent = true;
      break;
    case Owner::credentials:
      fields.has_authorization = true;
      break;
    case Owner::program:
    case Owner::subprotocol:
    case Owner::handshake:
      break;
  }
  fields.as_given.add(name, value);
  return std::nullopt;
}

base::Outcome<ProgramFields> read_fields(const ConnectOptions& options,
                                         const Headers& from_factory) {
  if (auto failure = check_value("Host", options.host)) return *std::move(failure);
  if (auto failure = check_value("Origin", options.origin)) return *std::move(failure);
  if (auto failure = check_value("User-Agent", options.user_agent)) return *std::move(failure);
  if (auto failure = check_value("Cookie", options.cookie)) return *std::move(failure);
  ProgramFields fields;
  if (!options.cookie.empty()) fields.cookies.push_back(options.cookie);
  for (const Headers* headers : {&options.header, &from_factory}) {
    for (const Headers::Field& field : *headers) {
      if (auto failure = add_field(fields, field, options)) return *std::move(failure);
    }
  }
  return fields;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string joined;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!joined.empty()) joined += separator;
    joined += part;
  }
  return joined;
}

void append(std::string& bytes, std::string_view name, std::string_view value) {
  bytes.append(name).append(": ").append(value).append("\r\n");
}

std::optional<std::string> origin_to_send(const Url& url, const ConnectOptions& options,
                                          const ProgramFields& fields) {
  if (fields.origin) return fields.origin;
  if (options.suppress_origin) return std::nullopt;
  return options.origin.empty() ? url.origin() : options.origin;
}

std::string host_to_send(const Url& url, const ConnectOptions& options,
                         const ProgramFields& fields) {
  if (fields.host) return *fields.host;
  return options.host.empty() ? url.authority() : options.host;
}

}  // namespace

base::Outcome<HandshakeRequest> make_handshake_request(const Url& url,
                                                       const ConnectOptions& options,
                                                       const Headers& from_factory,
                                                       std::span<const std::byte, 16> nonce) {
  if (auto failure = check_subprotocols(options.subprotocols)) return *std::move(failure);
  const auto outcome = read_fields(options, from_factory);
  if (const auto* failure = std::get_if<Failure>(&outcome)) return *failure;
  const auto& fields = std::get<ProgramFields>(outcome);

  HandshakeRequest request{{}, make_key(nonce), options.subprotocols};
  if (options.compression.enabled) {
    if (auto failure = check_compression(options.compression)) return *std::move(failure);
    if (deflate_is_available()) request.compression = options.compression;
  }
  std::string& bytes = request.bytes;
  bytes.reserve(usual_size);
  // RFC 6455 4.1: "The method of the request MUST be GET, and the HTTP version MUST be at least
  // 1.1."
  bytes.append("GET ").append(url.target).append(" HTTP/1.1\r\n");
  append(bytes, "Upgrade", "websocket");
  append(bytes, "Host", host_to_send(url, options, fields));
  if (const auto origin = origin_to_send(url, options, fields)) append(bytes, "Origin", *origin);
  append(bytes, "Sec-WebSocket-Key", request.key);
  // RFC 6455 4.1: "The request MUST include a header field with the name |Sec-WebSocket-Version|.
  // The value of this header field MUST be 13."
  append(bytes, "Sec-WebSocket-Version", "13");
  append(bytes, "Connection", "Upgrade");
  if (!request.subprotocols.empty()) {
    append(bytes, "Sec-WebSocket-Protocol", join(request.subprotocols, ", "));
  }
  if (request.compression) {
    append(bytes, "Sec-WebSocket-Extensions", offer_deflate(*request.compression));
  }
  if (!options.user_agent.empty() && !fields.has_user_agent) {
    append(bytes, "User-Agent", options.user_agent);
  }
  if (url.user_info && !fields.has_authorization) {
    append(bytes, "Authorization", "Basic " + base64(*url.user_info));
  }
  for (const auto& [name, value] : fields.as_given) append(bytes, name, value);
  const std::string cookie = join(fields.cookies, "; ");
  if (!cookie.empty()) append(bytes, "Cookie", cookie);
  bytes.append("\r\n");
  return request;
}

}  // namespace websocket::protocol
