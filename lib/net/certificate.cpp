// See certificate.hpp.
#include "net/certificate.hpp"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <memory>
#include <new>
#include <string_view>

#include "net/openssl.hpp"

namespace websocket::net {
namespace {

using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, OpenSslRelease<GENERAL_NAMES_free>>;

std::string name_text(const X509_NAME* name) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  if (memory == nullptr) throw std::bad_alloc();
  // "CN=a, O=b"; control characters escaped, other languages' letters left as they are.
  constexpr unsigned long form =
      XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | (ASN1_STRFLGS_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  X509_NAME_print_ex(memory.get(), name, 0, form);
  const char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : "(no name)";
}

std::string day_text(const ASN1_TIME* time) {
  std::tm date{};
  if (ASN1_TIME_to_tm(time, &date) != 1) {
    ERR_clear_error();
    return "(a date that cannot be read)";
  }
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d", &date);
  return {text.data(), size};
}

std::string printable(const ASN1_STRING* text) {
  std::string shown(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                    static_cast<std::size_t>(ASN1_STRING_length(text)));
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return shown;
}

std::string ip_text(const ASN1_OCTET_STRING* address) {
  const unsigned char* const bytes = ASN1_STRING_get0_data(address);
  const int size = ASN1_STRING_length(address);
  std::string text;
  if (size == 4) {
    for (int i = 0; i < 4; ++i) text += (i == 0 ? "" : ".") + std::to_string(bytes[i]);
    return text;
  }
  if (size != 16) return "(an IP address of " + std::to_string(size) + " bytes)";
  for (int i = 0; i < 16; i += 2) {
    std::array<char, 8> group{};
    std::snprintf(group.data(), group.size(), i == 0 ? "%x" : ":%x",
                  static_cast<unsigned>(bytes[i]) << 8U | bytes[i + 1]);
    text += group.data();
  }
  return text;
}

std::vector<std::string> alternative_names(const X509& certificate) {
  std::vector<std::string> hosts;
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    const void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type == GEN_DNS) hosts.push_back(printable(static_cast<const ASN1_STRING*>(value)));
    if (type == GEN_IPADD) hosts.push_back(ip_text(static_cast<const ASN1_OCTET_STRING*>(value)));
  }
  ERR_clear_error();  // a certificate without that extension is no error
  return hosts;
}

}  // namespace

std::string subject_of(const X509& certificate) {
  return name_text(X509_get_subject_name(&certificate));
}

std::string issuer_of(const X509& certificate) {
  return name_text(X509_get_issuer_name(&certificate));
}

std::string first_day_of(const X509& certificate) {
  return day_text(X509_get0_notBefore(&certificate));
}

std::string last_day_of(const X509& certificate) {
  return day_text(X509_get0_notAfter(&certificate));
}

std::vector<std::string> hosts_of(const X509& certificate) {
  std::vector<std::string> hosts = alternative_names(certificate);
  if (!hosts.empty()) return hosts;
  const X509_NAME* const subject = X509_get_subject_name(&certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) {
    hosts.push_back(printable(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
  }
  return hosts;
}

}  // namespace websocket::net
