#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tagdrift/record/history_file.h"
#include "tagdrift/record/recording.h"

// Any text, as a recording and as a history: what is read is judged, and written it is read as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tagdrift::record;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ReadHistories(text);
  const auto recording = ReadRecording(text);
  if (!recording.ok()) return 0;
  const std::string written = Write(*recording);
  const auto again = ReadRecording(written);
  if (!again.ok() || Write(*again) != written) __builtin_trap();
  return 0;
}
