"""The common sun shared in the store: among those who consent, once, and as their feed tells it."""

from datetime import timedelta

import numpy as np

from ems.domain.district import DeviceKind, District
from ems.domain.points import PointInfo, Unit
from ems.domain.slots import Horizon, Slot
from ems.domain.snapshot import QuarterHours
from ems.domain.steps import Step
from ems.feeds.meter_series import Commodity
from ems.feeds.resident import Wanted, feed_page
from ems.sharing import CONNECTION, USED, Sharing
from ems.store import Store
from ems.store.residents import Purpose

HORIZON = Horizon(Slot(1_990_000), 8)


async def filled(store: Store, district: District, export_kw: float) -> Sharing:
    sharing = Sharing(store, district)
    used = [f"{d.id}/{USED}" for d in district.of_kind(DeviceKind.DWELLING)]
    infos = [
        PointInfo(id=p, device=p.split("/")[0], name=USED, unit=Unit.KILOWATT, writable=False)
        for p in [*used, CONNECTION]
    ]
    await store.register([*infos, *sharing.points])
    values = np.full((len(used) + 1, HORIZON.length), 0.5)
    values[-1] = -export_kw
    points = (*used, CONNECTION)
    await store.fill_history(QuarterHours(points=points, horizon=HORIZON, values=values))
    return sharing


async def test_only_those_who_consent_get_a_share_and_nobody_twice(
    store: Store, district: District
) -> None:
    sharing = await filled(store, district, export_kw=0.6)
    for dwelling in ("D1-0304", "D1-0301"):
        await store.give_consent(dwelling, Purpose.SHARING, "ana")

    first, again = await sharing.share(HORIZON), await sharing.share(HORIZON)

    got = await store.quarter_hours([p.id for p in sharing.points], HORIZON)
    assert (first, again) == (2 * HORIZON.length, 0)
    assert np.nansum(got.values, axis=0).tolist() == [0.6] * HORIZON.length
    assert np.isfinite(got.values).any(axis=1).sum() == 2


async def test_nobody_gets_more_than_they_used_and_the_feed_says_so(
    store: Store, district: District
) -> None:
    sharing = await filled(store, district, export_kw=90.0)
    await store.give_consent("D1-0304", Purpose.SHARING, "ana")
    await sharing.share(HORIZON)

    page = await feed_page(
        store, district, "D1-0304", pseudonym="x", allowed=True,
        wanted=Wanted(detail=Step.QUARTER_HOUR),
        now=HORIZON.first.start + timedelta(hours=2),
    )  # fmt: skip

    energies = {series.commodity: series.energy_wh.tolist() for series in page.feed.series}
    assert energies[Commodity.SHARED_SUN] == energies[Commodity.ELECTRICITY] == [125] * 8
