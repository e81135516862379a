// See certificate_failure.hpp.
#include "net/certificate_failure.hpp"

#include <openssl/x509_vfy.h>

#include <algorithm>

#include "net/certificate.hpp"

namespace websocket::net {
namespace {

std::string which(const Refusal& refusal) {
  if (refusal.depth == 0 || refusal.certificate == nullptr) return "the certificate";
  return "the certificate of the issuer (" + subject_of(*refusal.certificate) + ")";
}

std::string hosts_in_words(const X509& certificate) {
  constexpr std::size_t enough = 8;
  const std::vector<std::string> hosts = hosts_of(certificate);
  std::string words;
  for (std::size_t i = 0; i < std::min(hosts.size(), enough); ++i) {
    words += (i == 0 ? "'" : ", '") + hosts[i] + "'";
  }
  if (hosts.size() > enough) words += " and " + std::to_string(hosts.size() - enough) + " more";
  return words;
}

std::string wrong_host(const X509* certificate, const std::string& host) {
  const std::string hosts = certificate == nullptr ? "" : hosts_in_words(*certificate);
  if (hosts.empty()) return "the certificate names no host, so it is not for '" + host + "'";
  return "the certificate is for " + hosts + ", not for '" + host + "'";
}

std::string unknown_issuer(const Refusal& refusal, Authorities authorities) {
  std::string words = "no trusted authority signed " + which(refusal);
  if (refusal.certificate != nullptr) words += "; its issuer is " + issuer_of(*refusal.certificate);
  if (authorities == Authorities::none) {
    words += "; this system has no list of trusted authorities (ca_file can name one)";
  }
  return words;
}

std::string subject_in_brackets(const X509* certificate) {
  return certificate == nullptr ? "" : " (" + subject_of(*certificate) + ")";
}

std::string day(std::string (*of)(const X509&), const X509* certificate) {
  return certificate == nullptr ? "(an unknown day)" : of(*certificate);
}

}  // namespace

base::Failure certificate_failure(const Refusal& refusal, const std::string& host,
                                  Authorities authorities) {
  switch (refusal.reason) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return {Errc::certificate_expired,
              which(refusal) + " expired on " + day(last_day_of, refusal.certificate)};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {Errc::certificate_not_yet_valid, which(refusal) + " is not valid before " +
                                                   day(first_day_of, refusal.certificate) +
                                                   " (is the clock of this machine right?)"};
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return {Errc::certificate_self_signed,
              "the certificate" + subject_in_brackets(refusal.certificate) +
                  " is signed by itself, and it is not among those trusted here"};
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return {Errc::certificate_self_signed,
              "the certificate's chain ends in an authority" +
                  subject_in_brackets(refusal.certificate) +
                  " that is signed by itself, and it is not among those trusted here"};
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      return {Errc::certificate_unknown_issuer, unknown_issuer(refusal, authorities)};
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return {Errc::certificate_wrong_host, wrong_host(refusal.certificate, host)};
    default:
      return {Errc::certificate_invalid, which(refusal) + " does not verify: " +
                                             X509_verify_cert_error_string(refusal.reason)};
  }
}

}  // namespace websocket::net
