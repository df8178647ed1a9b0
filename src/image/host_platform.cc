#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "character.h"
#include "tagdrift/image/platform.h"
#include "tagdrift/text/text.h"

namespace tagdrift::image {
namespace {

// Value of the first "key : value" line, in lower case; empty without one.
std::string CpuField(std::string_view cpuinfo, std::string_view key) {
  while (!cpuinfo.empty()) {
    const std::size_t end = std::min(cpuinfo.find('\n'), cpuinfo.size() - 1);
    const std::string_view line = cpuinfo.substr(0, end + 1);
    cpuinfo.remove_prefix(end + 1);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || text::Lower(text::Trim(line.substr(0, colon))) != key) continue;
    return text::Lower(text::Trim(line.substr(colon + 1)));
  }
  return {};
}

bool IsArm32(std::string_view machine) {
  return machine == "arm" || machine.starts_with("armv") || machine.starts_with("armhf") ||
         machine.starts_with("armel");
}

std::string ArchitectureOf(std::string_view machine) {
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  if (machine == "loongarch64") return "loong64";
  if (machine.size() == 4 && machine.front() == 'i' && machine.ends_with("86")) return "386";
  if (IsArm32(machine)) return "arm";
  return std::string(machine);
}

// The digit of "armv7l"; 8 for aarch64.
std::string CpuArchitectureOf(std::string_view machine) {
  if (machine == "aarch64" || machine == "arm64") return "8";
  if (machine.starts_with("armv") && machine.size() > 4) return std::string(machine.substr(4, 1));
  return {};
}

// The kernel's words for ARMv7 cores include "?(12)" to "?(17)".
bool IsArmV7(std::string_view text) {
  return text == "7" || text == "7m" ||
         (text.size() == 5 && text.starts_with("?(1") && text[3] >= '2' && text[3] <= '7' && text[4] == ')');
}

std::string VariantOf(const std::string& cpu_architecture) {
  if (cpu_architecture == "aarch64") return "v8";
  if (IsArmV7(cpu_architecture)) return "v7";
  const char digit = cpu_architecture.empty() ? '\0' : cpu_architecture.front();
  return digit >= '3' && digit <= '8' ? std::string("v") + digit : std::string();
}

std::string ArmVariant(std::string_view machine, std::string_view cpuinfo, bool is_64_bit) {
  std::string cpu_architecture = CpuField(cpuinfo, "cpu architecture");
  if (cpu_architecture.empty()) cpu_architecture = CpuArchitectureOf(machine);
  // The kernel of a first Raspberry Pi reports 7 for its ARMv6 core.
  if (!is_64_bit && cpu_architecture == "7" && CpuField(cpuinfo, "model name").starts_with("armv6-compatible")) {
    cpu_architecture = "6";
  }
  return VariantOf(cpu_architecture);
}

}  // namespace

Platform HostPlatform(std::string_view machine, std::string_view cpuinfo) {
  Platform platform{"linux", ArchitectureOf(machine), "", {}};
  const bool is_64_bit = platform.architecture == "arm64";
  if (is_64_bit || platform.architecture == "arm") platform.variant = ArmVariant(machine, cpuinfo, is_64_bit);
  return Normalize(std::move(platform));
}

}  // namespace tagdrift::image
