#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tagdrift/image/reference.h"

// What parses must parse again from its canonical form, to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tagdrift::image::Reference;
  const auto reference = Reference::Parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!reference.ok()) return 0;
  const auto again = Reference::Parse(reference->Canonical());
  if (!again.ok() || again->Canonical() != reference->Canonical()) __builtin_trap();
  return 0;
}
