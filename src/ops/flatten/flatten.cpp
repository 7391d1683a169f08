// SPDX-License-Identifier: Apache-2.0
#include "ops/flatten/flatten.hpp"

#include "ops/flatten/flat_path.hpp"
#include "ops/flatten/flat_tar.hpp"
#include "ops/flatten/seen_paths.hpp"
#include "ops/flatten/waiting_links.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/base/visible.hpp>

#include <functional>
#include <limits>
#include <optional>
#include <utility>

namespace regctl::ops {

namespace {

/// How often a layer is read again, for links to links to files that are hidden. Writers of layers
/// make all links to the first name of a file, so that once is enough.
constexpr int k_most_readings = 16;

class Flattener {
public:
  Flattener(const std::vector<FlatLayer>& layers, Sink& sink) : layers_(layers), tar_(sink) {
    if (layers.size() >= std::numeric_limits<LayerNumber>::max()) {
      throw Error(ErrorKind::unsupported,
                  "an image of " + std::to_string(layers.size()) + " layers has too many of them");
    }
  }

  void run() {
    for (number_ = static_cast<LayerNumber>(layers_.size()); number_ > 0; --number_) {
      read_layer();
    }
    if (!below_.empty()) {
      throw_dangling(*below_.by_target().begin());
    }
    tar_.finish();
  }

private:
  [[nodiscard]] const std::string& what() const { return layers_[number_ - 1U].what; }

  [[noreturn]] void bad(const std::string& why, ErrorKind kind = ErrorKind::protocol) const {
    throw Error(kind, what() + ": " + why);
  }

  [[noreturn]] static void
  throw_dangling(const std::pair<const std::string, WaitingLinks::Names>& links) {
    throw Error(ErrorKind::protocol, "the image has '" + excerpt(*links.second.begin()) +
                                         "' as a hard link to '" + excerpt(links.first) +
                                         "', which is no file in the layers below");
  }

  void read_layer() {
    wanted_ = std::exchange(below_, {});
    for_each_entry([&](const TarEntry& entry, TarReader& reader) { take(entry, reader); });
    if (!removed_.empty()) {
      throw_dangling(*removed_.by_target().begin());
    }
    const auto missing = std::exchange(wanted_, {});
    for (const auto& [target, names] : missing.by_target()) {
      for (const auto& name : names) {
        below_.add(name, target);
      }
    }
    for (int reading = 1; !again_.empty(); ++reading) {
      if (reading > k_most_readings) {
        bad("its hard links are links to each other");
      }
      wanted_ = std::exchange(again_, {});
      for_each_entry([&](const TarEntry& entry, TarReader& reader) { take_again(entry, reader); });
      if (!wanted_.empty()) {
        bad("is another one when it is read again", ErrorKind::integrity);
      }
    }
  }

  void for_each_entry(const std::function<void(const TarEntry&, TarReader&)>& on_entry) {
    const auto layer = layers_[number_ - 1U].open();
    TarReader reader(make_decompressed_source(std::make_unique<BorrowedSource>(*layer), what()),
                     what());
    try {
      while (const auto entry = reader.next()) {
        on_entry(*entry, reader);
        const auto links = below_.size_bytes() + again_.size_bytes() + wanted_.size_bytes() +
                           removed_.size_bytes();
        if (tar_.size_bytes() + links > k_flat_record_limit_bytes) {
          bad("the names of folders and hard links up to here take too much memory",
              ErrorKind::unsupported);
        }
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::protocol) {
        drain(*layer); // if the layer's check says that it is damaged, that is the reason
      }
      throw;
    }
    drain(*layer); // what follows the tar, since the layer's check is at its end
  }

  std::string path_of(const std::string& name) const {
    auto path = find_flat_path(name);
    if (!path) {
      bad("'" + excerpt(name) + "' is no path in an image");
    }
    return *std::move(path);
  }

  LayerName name_of(const TarEntry& entry) const {
    auto name = read_layer_name(path_of(entry.name));
    if (!name) {
      bad("'" + excerpt(entry.name) + "' removes no path in an image");
    }
    return *std::move(name);
  }

  void take(const TarEntry& entry, TarReader& reader) {
    if (entry.type == 'V') {
      return; // the name of the archive
    }
    auto [kind, path] = name_of(entry);
    switch (kind) {
    case LayerName::Kind::whiteout:
      seen_.add_whiteout(path, number_);
      remove(path);
      return remove_below(path);
    case LayerName::Kind::opaque:
      seen_.add_opaque(path, number_);
      return remove_below(path);
    case LayerName::Kind::own:
    case LayerName::Kind::entry:
      return take_entry(entry, path, kind == LayerName::Kind::own, reader);
    }
  }

  void take_entry(const TarEntry& entry, const std::string& path, bool is_own, TarReader& reader) {
    if (is_sparse(entry, reader.extensions()) || entry.type < '0' || entry.type > '6') {
      bad("'" + excerpt(entry.name) + "' is of a kind that cannot be exported (a sparse file?)",
          ErrorKind::unsupported);
    }
    const bool is_folder = entry.type == '5';
    if (path.empty() && !is_folder) {
      bad("its root is no folder");
    }
    const bool is_hidden = is_own || seen_.is_hidden(path, is_folder, number_);
    const auto before = seen_.find(path, number_);
    if (!is_hidden && before != SeenPaths::Found::nothing &&
        (before == SeenPaths::Found::folder) != is_folder) {
      bad("'" + excerpt(path) + "' is in it as a file and as a folder");
    }
    if (!is_hidden) { // the same name again in this layer, which replaces the first one
      below_.forget(path);
      again_.forget(path);
    }
    auto waiting = wanted_.take(path);
    waiting.merge(removed_.take(path));
    if (is_folder) {
      if (!waiting.empty()) {
        throw_dangling({path, std::move(waiting)});
      }
      if (!is_hidden) {
        tar_.add_folder(entry, path, reader.extensions());
      }
    } else if (entry.type == '1') {
      if (!is_hidden) {
        waiting.insert(path);
      }
      link_all(waiting, entry);
    } else {
      give(entry, path, is_hidden, waiting, reader);
    }
    seen_.add(path, is_folder, number_);
    if (!is_folder) {
      remove_below(path);
    }
  }

  /// Another reading: only for the links that wait for what was passed over in the first one.
  void take_again(const TarEntry& entry, TarReader& reader) {
    if (entry.type == 'V') {
      return;
    }
    const auto [kind, path] = name_of(entry);
    if (kind == LayerName::Kind::whiteout || kind == LayerName::Kind::opaque) {
      return;
    }
    const auto waiting = wanted_.take(path);
    if (waiting.empty()) {
      return;
    }
    if (entry.type == '1') {
      link_all(waiting, entry);
    } else {
      give(entry, path, true, waiting, reader);
    }
  }

  /// Writes a file if it shows, and the links that wait for it; the first of them has its content
  /// if it is hidden.
  void give(const TarEntry& entry, const std::string& path, bool is_hidden,
            const WaitingLinks::Names& waiting, TarReader& reader) {
    auto link = waiting.begin();
    if (is_hidden && link == waiting.end()) {
      return;
    }
    const auto& written = is_hidden ? *link++ : path;
    tar_.add(entry, written, reader.extensions(), reader.data());
    for (; link != waiting.end(); ++link) {
      tar_.add_link(entry, *link, written);
    }
  }

  void link_all(const WaitingLinks::Names& names, const TarEntry& entry) {
    const auto target = path_of(entry.link_name);
    for (const auto& name : names) {
      link(name, target, entry);
    }
  }

  /// Writes `name` as a hard link to `target` in this layer, or has it wait.
  void link(const std::string& name, const std::string& target, const TarEntry& entry) {
    switch (seen_.find(target, number_)) {
    case SeenPaths::Found::folder:
      throw_dangling({target, {name}});
    case SeenPaths::Found::nothing: // this layer has it not, or not yet
      return below_.add(name, target);
    case SeenPaths::Found::other:
      break;
    }
    const auto target_name = read_layer_name(target);
    const bool is_own = target_name && target_name->kind == LayerName::Kind::own;
    if (is_own || seen_.is_hidden(target, false, number_)) {
      again_.add(name, target);
    } else if (!again_.join(name, target) && !below_.join(name, target)) {
      tar_.add_link(entry, name, target);
    }
  }

  /// This layer removes `path` from the layers below, where links of higher layers look for it. The
  /// layer may still have it itself.
  void remove(const std::string& path) {
    for (const auto& name : wanted_.take(path)) {
      removed_.add(name, path);
    }
  }

  void remove_below(const std::string& folder) {
    for (const auto& target : wanted_.targets_below(folder)) {
      remove(target);
    }
  }

  const std::vector<FlatLayer>& layers_;
  FlatTar tar_;
  SeenPaths seen_;
  LayerNumber number_ = 0; ///< of the layer that is read
  WaitingLinks below_;     ///< for the layers below
  WaitingLinks again_;     ///< for another reading of this layer
  WaitingLinks wanted_;    ///< for this reading
  WaitingLinks removed_;   ///< for this reading, since the layer removes their targets below it
};

} // namespace

void flatten(const std::vector<FlatLayer>& layers, Sink& tar) {
  Flattener(layers, tar).run();
}

} // namespace regctl::ops
