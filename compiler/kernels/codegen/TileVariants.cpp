//===- TileVariants.cpp - the pass eclip-tile-variants --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Compile.h"
#include "compiler/kernels/codegen/Passes.h"
#include "compiler/kernels/codegen/mma/MmaChoice.h"
#include "dialect/Variants.h"

#include "mlir/IR/SymbolTable.h"

namespace eclip {
#define GEN_PASS_DEF_TILEVARIANTS
#include "compiler/kernels/codegen/Passes.h.inc"
} // namespace eclip

using namespace mlir;
using namespace eclip;

namespace {
struct TileVariants : eclip::impl::TileVariantsBase<TileVariants> {
  using TileVariantsBase::TileVariantsBase;

  void runOnOperation() final {
    FailureOr<KernelTarget> chip = checkOptions();
    if (failed(chip))
      return signalPassFailure();
    if (!chip->isNvidia())
      return;
    std::optional<MmaTable> given;
    if (!tiles.empty()) {
      llvm::Expected<MmaTable> table = MmaTable::read(tiles, chip->chip);
      if (!table) {
        getOperation().emitError(llvm::toString(table.takeError()));
        return signalPassFailure();
      }
      given = std::move(*table);
    }
    SymbolTable symbols(getOperation());
    for (auto kernel : llvm::to_vector(getOperation().getOps<KernelOp>()))
      choose(kernel, *chip, given ? &*given : nullptr, symbols);
  }

private:
  FailureOr<KernelTarget> checkOptions();
  void choose(KernelOp kernel, const KernelTarget &chip, const MmaTable *given,
              SymbolTable &symbols);
};
} // namespace

FailureOr<KernelTarget> TileVariants::checkOptions() {
  auto refuse = [&]() { return emitError(getOperation().getLoc()); };
  FailureOr<KernelTarget> chip = targetFor(target);
  if (failed(chip))
    return refuse() << "unknown target " << target
                    << ", known: gfx906, sm_80, sm_90";
  for (int64_t count : cus)
    if (count < 1 || count > 65536)
      return refuse() << count << " is no CU count: 1 to 65536";
  if (pinnedCus != 0 && !llvm::is_contained(cus, pinnedCus))
    return refuse() << "pinned-cus=" << pinnedCus.getValue() << " is not among cus";
  for (double gain : {minGainPercent.getValue(),
                      minEstimatedGainPercent.getValue()})
    if (!(gain >= 0 && gain <= 1000))
      return refuse() << "a gain of " << gain << " % is not in 0 to 1000";
  return chip;
}

void TileVariants::choose(KernelOp kernel, const KernelTarget &chip,
                          const MmaTable *given, SymbolTable &symbols) {
  MmaGain gain{1 + minGainPercent / 100, 1 + minEstimatedGainPercent / 100};
  std::optional<MmaTiles> choice = chooseByCus(kernel, chip, given, cus, gain);
  if (!choice)
    return;
  Builder builder(kernel.getContext());
  // The times are those of the chip that the tiles were measured on.
  bool isChip = *std::prev(cus.end()) == chip.cuCount;
  auto take = [&](KernelOp taker, const std::string &tile) {
    taker->setAttr("eclip.tile", builder.getStringAttr(tile));
    if (isChip)
      setTileTimes(taker, cus, choice->timesNs[tile]);
  };
  if (pinnedCus != 0) {
    auto own = choice->onCus.find(pinnedCus);
    return take(kernel, own == choice->onCus.end() ? choice->whole
                                                   : own->second);
  }
  std::map<std::string, SmallVector<int64_t>> countsOf;
  for (const auto &[count, tile] : choice->onCus)
    countsOf[tile].push_back(count);
  take(kernel, choice->whole);
  Operation *last = kernel;
  for (const auto &[tile, counts] : countsOf) {
    KernelOp variant = kernel.clone();
    variant.setSymName((kernel.getSymName() + "_on" + Twine(counts.back())).str());
    symbols.insert(variant, std::next(Block::iterator(last)));
    take(variant, tile);
    markVariant(variant, kernel, counts);
    last = variant;
  }
}
