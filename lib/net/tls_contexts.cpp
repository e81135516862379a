#include "net/tls_contexts.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "net/fork.hpp"
#include "net/trust_store.hpp"

namespace websocket::net {
namespace {

constexpr std::size_t most_kept = 2;

bool same(const TlsOptions& a, const TlsOptions& b) {
  const auto all = [](const TlsOptions& o) {
    return std::tie(o.verify_peer, o.check_hostname, o.ca_file, o.ca_path, o.ca_pem, o.cert_file,
                    o.key_file, o.key_password, o.server_hostname, o.ciphers, o.min_version,
                    o.pinned_public_keys);
  };
  return all(a) == all(b);
}

}  // namespace

TlsContexts& TlsContexts::of_this_process() { return one_per_process<TlsContexts>(); }

std::vector<TlsContexts::FileState> TlsContexts::files_of(const TlsOptions& options) {
  std::vector<std::string> paths = {options.ca_file, options.ca_path, options.cert_file,
                                    options.key_file};
  const bool system_is_trusted =
      options.ca_file.empty() && options.ca_path.empty() && options.ca_pem.empty();
  if (system_is_trusted && options.verify_peer) {
    for (std::string& path : system_trust_paths()) paths.push_back(std::move(path));
  }
  std::vector<FileState> states;
  for (std::string& path : paths) {
    if (path.empty()) continue;
    std::error_code error;
    FileState state{std::move(path), {}, 0};
    state.written = std::filesystem::last_write_time(state.path, error);
    state.size = std::filesystem::file_size(state.path, error);
    states.push_back(std::move(state));
  }
  return states;
}

base::Outcome<std::shared_ptr<const TlsContext>> TlsContexts::get(const TlsOptions& options) {
  const std::lock_guard lock(mutex_);
  // Before they are read: what is written meanwhile is read again the next time.
  std::vector<FileState> files = files_of(options);
  std::erase_if(known_, [](const Known& entry) { return entry.context.expired(); });
  for (const Known& entry : known_) {
    if (!same(entry.options, options) || entry.files != files) continue;
    if (ContextPtr context = entry.context.lock()) {
      keep(context);
      return std::shared_ptr<const TlsContext>(std::move(context));
    }
  }
  auto made = make_tls_context(options);
  if (auto* failure = std::get_if<base::Failure>(&made)) return std::move(*failure);
  auto context = std::get<ContextPtr>(std::move(made));
  known_.push_back({options, std::move(files), context});
  keep(context);
  return std::shared_ptr<const TlsContext>(std::move(context));
}

void TlsContexts::keep(const ContextPtr& context) {
  if (!context->options.cert_file.empty()) return;
  std::erase(kept_, context);
  kept_.push_back(context);
  if (kept_.size() > most_kept) kept_.erase(kept_.begin());
}

}  // namespace websocket::net
