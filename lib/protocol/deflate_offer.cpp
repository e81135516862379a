#include "protocol/deflate_offer.hpp"

#include <algorithm>
#include <string_view>

#include "base/ascii.hpp"

namespace websocket::protocol {
namespace {

constexpr std::string_view server_no_context_takeover = "server_no_context_takeover";
constexpr std::string_view client_no_context_takeover = "client_no_context_takeover";
constexpr std::string_view server_max_window_bits = "server_max_window_bits";
constexpr std::string_view client_max_window_bits = "client_max_window_bits";

base::Failure out_of_range(const char* option, int value, const char* range) {
  return {Errc::invalid_option, std::string("CompressionOptions::") + option + " is " +
                                    std::to_string(value) + ", not " + range};
}

bool may_be_window_bits(int bits) { return bits >= fewest_window_bits && bits <= most_window_bits; }

// RFC 7692 7.1.2.1: "This parameter has a decimal integer value without leading zeroes between 8 to
// 15, inclusive".
std::optional<int> read_window_bits(const std::optional<std::string>& value) {
  if (!value || value->starts_with('0')) return std::nullopt;
  const auto bits = base::parse_decimal<unsigned>(*value);
  if (!bits || *bits > most_window_bits || !may_be_window_bits(static_cast<int>(*bits))) {
    return std::nullopt;
  }
  return static_cast<int>(*bits);
}

std::string shown(const ExtensionParameter& parameter) {
  std::string text = parameter.name;
  if (parameter.value) text += "=" + *parameter.value;
  return "\"" + base::printable(text, 80) + "\"";
}

base::Failure refuse(const std::string& why) {
  return {Errc::unexpected_extension, "the server's answer to permessage-deflate " + why};
}

// What the server's parameters say, each looked at by itself.
struct Chosen {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  std::optional<int> server_max_window_bits;
  std::optional<int> client_max_window_bits;
};

// RFC 7692 7.1: the client fails the connection where "the negotiation response contains an
// extension parameter not defined for use in a response", "an extension parameter with an invalid
// value" or "multiple extension parameters with the same name".
std::optional<base::Failure> read_parameter(Chosen& chosen, const ExtensionParameter& parameter) {
  const auto flag = [&](bool& set) -> std::optional<base::Failure> {
    if (parameter.value) return refuse("gives a value where none belongs: " + shown(parameter));
    if (set) return refuse("has a parameter twice: " + shown(parameter));
    set = true;
    return std::nullopt;
  };
  const auto bits = [&](std::optional<int>& set) -> std::optional<base::Failure> {
    if (set) return refuse("has a parameter twice: " + shown(parameter));
    set = read_window_bits(parameter.value);
    if (!set) return refuse("has " + shown(parameter) + ", which is not a number from 8 to 15");
    return std::nullopt;
  };
  if (parameter.name == server_no_context_takeover) return flag(chosen.server_no_context_takeover);
  if (parameter.name == client_no_context_takeover) return flag(chosen.client_no_context_takeover);
  if (parameter.name == server_max_window_bits) return bits(chosen.server_max_window_bits);
  if (parameter.name == client_max_window_bits) return bits(chosen.client_max_window_bits);
  return refuse("has a parameter that is not defined: " + shown(parameter));
}

// Whether the parameters answer the offer.
std::optional<base::Failure> check_against_offer(const Chosen& chosen,
                                                 const CompressionOptions& offered) {
  // RFC 7692 7.1.1.1: "A server accepts an extension negotiation offer that includes the
  // "server_no_context_takeover" extension parameter by including the "server_no_context_takeover"
  // extension parameter in the corresponding extension negotiation response".
  if (offered.server_no_context_takeover && !chosen.server_no_context_takeover) {
    return refuse("leaves out server_no_context_takeover, which was asked for");
  }
  // 7.1.2.1: "A server accepts an extension negotiation offer with this parameter by including the
  // "server_max_window_bits" extension parameter in the extension negotiation response to send back
  // to the client with the same or smaller value as the offer."
  const int asked_for = offered.server_max_window_bits;
  if (asked_for < most_window_bits &&
      chosen.server_max_window_bits.value_or(most_window_bits) > asked_for) {
    return refuse("does not keep to server_max_window_bits=" + std::to_string(asked_for) +
                  ", which was asked for");
  }
  return std::nullopt;
}

}  // namespace

std::optional<base::Failure> check_compression(const CompressionOptions& options) {
  if (!may_be_window_bits(options.client_max_window_bits)) {
    return out_of_range("client_max_window_bits", options.client_max_window_bits, "8 to 15");
  }
  if (!may_be_window_bits(options.server_max_window_bits)) {
    return out_of_range("server_max_window_bits", options.server_max_window_bits, "8 to 15");
  }
  if (options.level < 0 || options.level > 9) {
    return out_of_range("level", options.level, "0 to 9");
  }
  return std::nullopt;
}

std::string offer_deflate(const CompressionOptions& options) {
  std::string offer(deflate_name);
  const auto add = [&offer](std::string_view name) { offer.append("; ").append(name); };
  const auto add_bits = [&](std::string_view name, int bits) {
    add(name);
    if (bits < most_window_bits) offer += "=" + std::to_string(bits);
  };
  if (options.server_no_context_takeover) add(server_no_context_takeover);
  if (options.client_no_context_takeover) add(client_no_context_takeover);
  if (options.server_max_window_bits < most_window_bits) {
    add_bits(server_max_window_bits, options.server_max_window_bits);
  }
  // RFC 7692 7.1.2.2: without a value "a client informs the peer server that the client supports
  // the "client_max_window_bits" extension parameter in an extension negotiation response".
  add_bits(client_max_window_bits, options.client_max_window_bits);
  return offer;
}

base::Outcome<DeflateAgreement> agree_on_deflate(const Extension& chosen,
                                                 const CompressionOptions& offered) {
  Chosen parameters;
  for (const ExtensionParameter& parameter : chosen.parameters) {
    if (auto failure = read_parameter(parameters, parameter)) return *std::move(failure);
  }
  if (auto failure = check_against_offer(parameters, offered)) return *std::move(failure);

  DeflateAgreement agreement;
  agreement.server.no_context_takeover = parameters.server_no_context_takeover;
  agreement.server.max_window_bits = parameters.server_max_window_bits.value_or(most_window_bits);
  // What was asked for ourselves holds, also where the server says less: 7.1.1.2 and 7.1.2.2 call
  // it a hint about what the client is going to do.
  agreement.client.no_context_takeover =
      parameters.client_no_context_takeover || offered.client_no_context_takeover;
  agreement.client.max_window_bits = std::min(
      parameters.client_max_window_bits.value_or(most_window_bits), offered.client_max_window_bits);
  agreement.level = offered.level;
  agreement.threshold = offered.threshold;
  return agreement;
}

}  // namespace websocket::protocol
