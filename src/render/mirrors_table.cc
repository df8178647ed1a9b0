#include <fmt/format.h>

#include "formats.h"
#include "tagdrift/render/exit_code.h"

namespace tagdrift::render {
namespace {

std::string Headline(const v1::MirrorsReport& report) {
  int failing = 0;
  int mirrors = 0;
  int findings = report.findings_size();
  for (const v1::RegistryReport& registry : report.registries()) {
    findings += registry.notes_size();
    if (!registry.error().empty()) ++failing;
    for (const v1::RegistryHost& host : registry.hosts()) mirrors += host.role() == v1::HOST_ROLE_MIRROR ? 1 : 0;
  }
  const int registries = report.registries_size();
  std::string text =
      fmt::format("{} {}, {} {}, {} {}", registries, registries == 1 ? "registry" : "registries", mirrors,
                  mirrors == 1 ? "mirror" : "mirrors", findings, findings == 1 ? "finding" : "findings");
  if (failing > 0) return text + fmt::format("; every pull fails from {}", failing);
  return ExitCode(report) == kExitDrift ? text + "; some mirrors are not used" : text;
}

std::string Capabilities(const v1::RegistryHost& host) {
  std::string text;
  for (const std::string& capability : host.capabilities()) text += (text.empty() ? "" : ",") + capability;
  return text;
}

std::string HostLine(int number, const v1::RegistryHost& host, bool wide) {
  std::string text = fmt::format("  {}. {}  {}", number, host.url(), Capabilities(host));
  if (host.role() == v1::HOST_ROLE_DEFAULT) text += "  the registry itself";
  if (host.role() == v1::HOST_ROLE_SERVER) text += "  server";
  if (host.skip_verify()) text += "  unverified";
  if (host.http_fallback()) text += "  falls back to http";
  if (wide && host.headers_size() > 0) text += fmt::format("  {} headers", host.headers_size());
  if (wide && !host.file().empty()) text += fmt::format("  {}:{}", host.file(), host.line());
  return text + "\n";
}

std::string Registry(const v1::RegistryReport& registry, std::size_t width, bool wide) {
  std::string text = "\n" + registry.registry();
  if (!registry.directory().empty()) text += "  " + registry.directory();
  text += "\n";
  int number = 0;
  for (const v1::RegistryHost& host : registry.hosts()) text += HostLine(++number, host, wide);
  if (!registry.error().empty()) text += Wrap("  fails ", registry.error(), width);
  if (!registry.unknown().empty()) text += Wrap("  ?     ", registry.unknown(), width);
  for (const v1::Note& note : registry.notes()) {
    const std::string kind = v1::NoteKind_Name(note.kind()).substr(std::string_view("NOTE_KIND_").size());
    text += Wrap("  note  ", kind + ": " + NoteText(note), width);
  }
  return text;
}

}  // namespace

std::string MirrorsTable(const v1::MirrorsReport& report, std::size_t width, bool wide) {
  std::string text = Headline(report) + "\n";
  if (report.findings_size() > 0) text += "\n";
  for (const v1::Note& note : report.findings()) text += Wrap("note    ", NoteText(note), width);
  for (const v1::RegistryReport& registry : report.registries()) text += Registry(registry, width, wide);
  return text;
}

}  // namespace tagdrift::render
