#include "tar.h"

#include <cstdio>
#include <cstring>

namespace tagdrift::lab {
namespace {

constexpr std::size_t kBlock = 512;

struct Header {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char linkname[100];
  char magic[6];
  char version[2];
  char rest[247];
};
static_assert(sizeof(Header) == kBlock);

unsigned Checksum(const Header& header) {
  unsigned sum = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
  for (std::size_t i = 0; i < sizeof header; ++i) sum += bytes[i];
  return sum;
}

}  // namespace

void Tar::Add(const std::string& path, const std::string& content, int mode) {
  Header header;
  std::memset(&header, 0, sizeof header);
  std::snprintf(header.name, sizeof header.name, "%s", path.c_str());
  std::snprintf(header.mode, sizeof header.mode, "%07o", static_cast<unsigned>(mode) & 07777u);
  std::snprintf(header.uid, sizeof header.uid, "%07o", 0u);
  std::snprintf(header.gid, sizeof header.gid, "%07o", 0u);
  std::snprintf(header.size, sizeof header.size, "%011zo", content.size());
  std::snprintf(header.mtime, sizeof header.mtime, "%011o", 0u);
  header.type = '0';
  std::memcpy(header.magic, "ustar", 6);
  std::memcpy(header.version, "00", 2);
  std::memset(header.checksum, ' ', sizeof header.checksum);
  std::snprintf(header.checksum, sizeof header.checksum, "%06o", Checksum(header));

  entries_.append(reinterpret_cast<const char*>(&header), sizeof header);
  entries_ += content;
  entries_.append((kBlock - content.size() % kBlock) % kBlock, '\0');
}

std::string Tar::Bytes() const { return entries_ + std::string(2 * kBlock, '\0'); }

}  // namespace tagdrift::lab
