// See trust_store.hpp: OpenSSL's own paths (SSL_CERT_FILE and SSL_CERT_DIR change them), and where
// those hold nothing, as for an OpenSSL that was built on another system, the bundles that systems
// are known by.
#include "net/trust_store.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

namespace websocket::net {
namespace {

constexpr std::array well_known_bundles = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch, Gentoo
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",                   // older ones
    "/etc/ssl/ca-bundle.pem",                             // openSUSE
    "/etc/ssl/cert.pem",                                  // Alpine, macOS, the BSDs
    "/usr/local/share/certs/ca-root-nss.crt",             // FreeBSD
    "/opt/homebrew/etc/openssl@3/cert.pem",               // Homebrew
    "/usr/local/etc/openssl@3/cert.pem",
};

#ifdef _WIN32
constexpr char path_separator = ';';
#else
constexpr char path_separator = ':';
#endif

bool holds_loaded_certificates(SSL_CTX& context) {
  X509_STORE* const store = SSL_CTX_get_cert_store(&context);
  return sk_X509_OBJECT_num(X509_STORE_get0_objects(store)) > 0;
}

std::string chosen_or(const char* variable, const char* otherwise) {
  const char* const chosen = std::getenv(variable);
  return chosen != nullptr ? chosen : otherwise;
}

std::string default_file() {
  return chosen_or(X509_get_default_cert_file_env(), X509_get_default_cert_file());
}

std::vector<std::string> default_directories() {
  const std::string all = chosen_or(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  std::vector<std::string> directories;
  std::string_view rest = all;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(path_separator), rest.size());
    directories.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return directories;
}

bool some_default_directory_holds_certificates() {
  const std::vector<std::string> directories = default_directories();
  return std::any_of(directories.begin(), directories.end(), holds_hashed_certificates);
}

bool is_hashed_name(std::string_view name) {
  constexpr std::size_t hash_size = 8;
  return name.size() > hash_size + 1 && name[hash_size] == '.' &&
         name.find_first_not_of("0123456789abcdef") == hash_size &&
         name.find_first_not_of("0123456789", hash_size + 1) == std::string_view::npos;
}

}  // namespace

bool trust_system(SSL_CTX& context) {
  SSL_CTX_set_default_verify_paths(&context);
  ERR_clear_error();  // a default file that isn't there is no error
  if (holds_loaded_certificates(context) || some_default_directory_holds_certificates())
    return true;
  const bool found =
      std::any_of(well_known_bundles.begin(), well_known_bundles.end(),
                  [&](const char* file) { return SSL_CTX_load_verify_file(&context, file) == 1; });
  ERR_clear_error();
  return found;
}

std::vector<std::string> system_trust_paths() {
  std::vector<std::string> paths = default_directories();
  paths.push_back(default_file());
  paths.insert(paths.end(), well_known_bundles.begin(), well_known_bundles.end());
  return paths;
}

bool holds_hashed_certificates(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (is_hashed_name(entry->path().filename().string())) return true;
  }
  return false;
}

}  // namespace websocket::net
