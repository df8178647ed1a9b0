#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "hosts/directory/hosts_file.h"

// Any text: the same reading as in LoadRegistryConfig, on the oldest and the newest release of both dialects.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tagdrift::hosts;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr ContainerdVersion kReleases[] = {{1, 6, 20}, {1, 7, 34}, {2, 0, 11}, {2, 3, 4}};
  for (const ContainerdVersion version : kReleases) {
    const Release release(version);
    const auto parsed = ParseToml(text, release.Dialect());
    const TomlDocument* document = std::get_if<TomlDocument>(&parsed);
    if (document == nullptr) continue;
    const auto read = ReadHostsFile(*document, "/certs/quay.io", "/certs/quay.io/hosts.toml", release);
    const HostsFile* file = std::get_if<HostsFile>(&read);
    if (file != nullptr && file->entries.empty()) __builtin_trap();  // the server entry is always there
  }
  return 0;
}
