// The TLS settings in use in this process, made once for all connections that have the same options:
// reading the system's authorities alone takes longer than many a handshake. Shared by the loops of all
// threads, hence the lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/tls_context.hpp"

namespace websocket::net {

class TlsContexts {
 public:
  // Those of all loops.
  static TlsContexts& of_this_process();

  // From any thread. A file that was written since it was read is read again.
  base::Outcome<std::shared_ptr<const TlsContext>> get(const TlsOptions& options);

 private:
  // What a file was like when it was read; also of one that is not there.
  struct FileState {
    std::string path;
    std::filesystem::file_time_type written;
    std::uintmax_t size;
    bool operator==(const FileState&) const = default;
  };
  struct Known {
    TlsOptions options;
    std::vector<FileState> files;
    std::weak_ptr<const OpenSslContext> context;
  };
  using ContextPtr = std::shared_ptr<const OpenSslContext>;

  static std::vector<FileState> files_of(const TlsOptions& options);
  void keep(const ContextPtr& context);

  std::mutex mutex_;
  std::vector<Known> known_;
  // Those used last, for the next connection: programs often have one after another. None with a
  // client's key, which goes with its last connection.
  std::vector<ContextPtr> kept_;
};

}  // namespace websocket::net
