// A directory for one test, gone with everything in it when the test is over.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace support {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// The path of a file of that name in here.
  std::string file(std::string_view name) const { return (path_ / name).string(); }
  /// Writes that file and returns its path.
  std::string write(std::string_view name, std::string_view contents) const;

 private:
  std::filesystem::path path_;
};

}  // namespace support
