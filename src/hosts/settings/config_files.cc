#include "hosts/settings/config_files.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "hosts/directory/host_table.h"
#include "hosts/go/file_glob.h"
#include "hosts/go/host_url.h"
#include "tagdrift/text/text.h"

namespace tagdrift::hosts {
namespace {

constexpr std::size_t kMaxFiles = 200;
// Above what ParseToml takes, so that an oversized file is told as a limit.
constexpr std::size_t kMaxFileBytes = std::size_t{2} << 20;

void SetSource(TomlValue& value, int source) {
  value.source = source;
  for (TomlValue& item : value.items) SetSource(item, source);
  for (TomlMember& member : value.members) SetSource(member.value, source);
}

std::string Directory(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : CleanPath(path.substr(0, slash + 1));
}

class Reader {
 public:
  Reader(const FileTree& tree, TomlDialect dialect) : tree_(tree), dialect_(dialect) {}

  std::variant<std::vector<ConfigFile>, ConfigRefusal> Run(const std::string& main) {
    pending_.push_back(main);
    for (; !pending_.empty(); pending_.pop_front()) {
      const std::string path = pending_.front();
      if (std::ranges::find(files_, path, &ConfigFile::path) != files_.end()) continue;
      if (files_.size() == kMaxFiles)
        return ConfigRefusal{"more than 200 configuration files are imported", path, 0, true};
      const absl::StatusOr<std::string> text = tree_.Read(path, kMaxFileBytes);
      if (files_.empty() && absl::IsNotFound(text.status())) return files_;
      if (!text.ok()) return ConfigRefusal{text::MessageOf(text.status()), path};
      if (std::optional<ConfigRefusal> refusal = Add(path, *text)) return *refusal;
    }
    return std::move(files_);
  }

 private:
  std::optional<ConfigRefusal> Add(const std::string& path, const std::string& text) {
    std::variant<TomlDocument, TomlRefusal> parsed = ParseToml(text, dialect_);
    if (const TomlRefusal* refusal = std::get_if<TomlRefusal>(&parsed)) {
      return ConfigRefusal{refusal->reason, path, refusal->line, refusal->limit};
    }
    ConfigFile file{path, std::move(std::get<TomlDocument>(parsed).root), 0};
    SetSource(file.root, static_cast<int>(files_.size()));
    for (const TomlValue* version : FieldsOf(file.root, "version", dialect_)) {
      if (version->kind != TomlValue::Kind::kInteger || version->integer < 0 || version->integer > 1000) {
        return ConfigRefusal{"\"version\" must be a number that containerd knows", path, version->line};
      }
      file.version = static_cast<int>(version->integer);
    }
    std::optional<ConfigRefusal> refusal = AddImports(file);
    files_.push_back(std::move(file));
    return refusal;
  }

  std::optional<ConfigRefusal> AddImports(const ConfigFile& file) {
    for (const TomlValue* imports : FieldsOf(file.root, "imports", dialect_)) {
      if (!imports->IsArray() || !std::ranges::all_of(imports->items, &TomlValue::IsString)) {
        return ConfigRefusal{"\"imports\" must be a list of strings", file.path, imports->line};
      }
      for (const TomlValue& import : imports->items) Import(file.path, import.text);
    }
    return std::nullopt;
  }

  void Import(const std::string& parent, const std::string& text) {
    const std::string path = text.starts_with('/') ? CleanPath(text) : JoinPath(Directory(parent), text);
    if (path.find('*') == std::string::npos) {
      pending_.push_back(path);
      return;
    }
    std::ranges::move(Glob(tree_, path, kMaxFiles), std::back_inserter(pending_));
  }

  const FileTree& tree_;
  TomlDialect dialect_;
  std::deque<std::string> pending_;
  std::vector<ConfigFile> files_;
};

}  // namespace

std::variant<std::vector<ConfigFile>, ConfigRefusal> ReadConfigFiles(const FileTree& tree, const std::string& path,
                                                                     TomlDialect dialect) {
  return Reader(tree, dialect).Run(path);
}

}  // namespace tagdrift::hosts
