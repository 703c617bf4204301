"""Weather files laid on the calendar: what is kept, what is filled, what is refused and how."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ems.domain.district import District
from ems.domain.errors import SourceError
from ems.domain.slots import Horizon, Slot
from ems.domain.weather import Weather
from ems.sources import read_weather
from ems.sources.sun import sun_over

Rows = list[list[object]]


def days(begin: datetime, number: int) -> Horizon:
    return Horizon(Slot.containing(begin), number * 96)


def read(path: Path, district: District, horizon: Horizon) -> Weather:
    return read_weather(path, district.site, district.loop, horizon)


JUNE = days(datetime(2026, 6, 20, tzinfo=UTC), 2)


@pytest.fixture
def solar_year(write_table, solar_rows: Rows):
    """Writes the typical year after `change` has been at its rows."""

    def write(change=lambda rows: rows) -> Path:
        header = ["hour_of_year", "solar_time_mid_h", "dni_w_m2", "dhi_w_m2", "ghi_w_m2"]
        return write_table("year.csv", [*header, "temp_air_c", "wind_m_s"], change(solar_rows))

    return write


class TestTypicalYearInSolarTime:
    def test_energy_of_the_year_is_kept(self, solar_year, solar_rows: Rows, district) -> None:
        year = days(datetime(2026, 1, 1, tzinfo=UTC), 365)
        weather = read(solar_year(), district, year)
        recorded_kwh = sum(float(row[4]) for row in solar_rows) / 1000
        assert weather.ghi_w_m2.sum() / 4000 == pytest.approx(recorded_kwh, rel=0.01)

    def test_noon_is_where_the_sun_stands_highest(self, solar_year, district) -> None:
        weather = read(solar_year(), district, JUNE)
        begins = np.array(JUNE.slots) * 900.0
        assert np.argmax(weather.ghi_w_m2[:96]) == pytest.approx(
            np.argmax(sun_over(district.site, begins + 450).sin_elevation[:96]), abs=1
        )

    def test_no_light_at_night(self, solar_year, district) -> None:
        year = days(datetime(2026, 1, 1, tzinfo=UTC), 365)
        weather = read(solar_year(), district, year)
        edges = np.array([[i * 900.0, i * 900.0 + 450, i * 900.0 + 900] for i in year.slots])
        night = (sun_over(district.site, edges).sin_elevation < 0).all(axis=1)
        for light in (weather.ghi_w_m2, weather.dni_w_m2, weather.dhi_w_m2):
            assert (light[night] == 0).all()

    def test_global_is_direct_and_diffuse(self, solar_year, district) -> None:
        weather = read(solar_year(), district, JUNE)
        middles = np.array(JUNE.slots) * 900.0 + 450
        height = sun_over(district.site, middles).sin_elevation
        high = height > 0.2
        together = weather.dni_w_m2 * height + weather.dhi_w_m2
        assert weather.ghi_w_m2[high] == pytest.approx(together[high], rel=0.01)

    def test_29_february_repeats_the_28th(self, solar_year, district) -> None:
        weather = read(solar_year(), district, days(datetime(2028, 2, 28, tzinfo=UTC), 3))
        noons = weather.outdoor_temp_c.reshape(3, 96)[:, 46]
        assert noons == pytest.approx([5.8, 5.8, 5.9], abs=0.06)

    def test_the_new_year_follows_the_old(self, solar_year, district) -> None:
        weather = read(solar_year(), district, days(datetime(2026, 12, 31, tzinfo=UTC), 2))
        noons = weather.outdoor_temp_c.reshape(2, 96)[:, 46]
        assert noons == pytest.approx([36.4, 0.0], abs=0.06)

    def test_the_sea_comes_from_the_calendar(self, solar_year, district) -> None:
        middle_of_july = days(datetime(2026, 7, 16, tzinfo=UTC), 1)
        weather = read(solar_year(), district, middle_of_july)
        assert weather.sea_temp_c == pytest.approx(
            district.loop.sea_temp_c_by_month[6] * np.ones(96), abs=0.2
        )

    def test_a_short_gap_is_filled_and_said(self, solar_year, district) -> None:
        def blank_three_hours(rows: Rows) -> Rows:
            for row in rows[4092:4095]:
                row[4] = row[5] = ""
            return rows

        whole = read(solar_year(), district, JUNE)
        filled = read(solar_year(blank_three_hours), district, JUNE)
        assert "ghi_w_m2" in filled.degraded
        assert "line 4094" in filled.degraded
        assert filled.ghi_w_m2 == pytest.approx(whole.ghi_w_m2, abs=25)
        assert filled.outdoor_temp_c == pytest.approx(whole.outdoor_temp_c, abs=0.1)
        assert whole.degraded == ""


def set_cell(row: int, column: int, value: object):
    def change(rows: Rows) -> Rows:
        rows[row][column] = value
        return rows

    return change


def blank(first: int, last: int, column: int):
    def change(rows: Rows) -> Rows:
        for row in rows[first:last]:
            row[column] = ""
        return rows

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param(set_cell(9, 5, "mild"), ["year.csv:11", "temp_air_c", "mild"], id="a word"),
        pytest.param(set_cell(9, 5, "inf"), ["year.csv:11", "temp_air_c"], id="infinity"),
        pytest.param(set_cell(9, 4, 9999), ["year.csv:11", "ghi_w_m2", "9999"], id="too bright"),
        pytest.param(set_cell(9, 5, -80), ["year.csv:11", "temp_air_c", "-80"], id="too cold"),
        pytest.param(blank(100, 104, 5), ["year.csv:102", "temp_air_c", "4 h"], id="a long gap"),
        pytest.param(lambda rows: rows[:8000], ["year.csv:8001", "8000 hours"], id="cut off"),
        pytest.param(
            lambda rows: rows[:50] + rows[51:], ["year.csv:52", "hour_of_year"], id="hour left out"
        ),
        pytest.param(
            lambda rows: [*rows[:8], rows[8][:4], *rows[9:]],
            ["year.csv:10", "4 of 7 fields"],
            id="a short row",
        ),
    ],
)
def test_an_error_names_file_line_and_field(solar_year, district, change, named) -> None:
    with pytest.raises(SourceError) as error:
        read(solar_year(change), district, JUNE)
    assert all(part in error.value.message for part in named)
    assert error.value.fix


def test_a_missing_column_is_named(write_table, solar_rows: Rows, district) -> None:
    header = ["hour_of_year", "solar_time_mid_h", "dni_w_m2", "dhi_w_m2", "ghi", "temp_air_c", "w"]
    path = write_table("year.csv", header, solar_rows)
    with pytest.raises(SourceError, match=r"year.csv:1 has no column ghi_w_m2"):
        read(path, district, JUNE)


def test_a_missing_file_is_named(tmp_path: Path, district) -> None:
    with pytest.raises(SourceError, match=r"nowhere.csv can't be read"):
        read(tmp_path / "nowhere.csv", district, JUNE)


DATED = ["time", "temp_air_c", "ghi_w_m2", "dni_w_m2", "dhi_w_m2", "wind_m_s", "sea_temp_c"]


def dated_rows(begin: datetime, hours: int, minutes: int = 60) -> Rows:
    times = [begin + timedelta(minutes=minutes * k) for k in range(hours * 60 // minutes)]
    return [[t.isoformat(), 10 + t.hour, 0, 0, 0, 3, 15] for t in times]


class TestDatedMeasurements:
    @pytest.mark.parametrize("minutes", [5, 15, 30, 60])
    def test_they_are_taken_as_they_happened(self, write_table, district, minutes: int) -> None:
        rows = dated_rows(datetime(2026, 6, 20, tzinfo=UTC), 48, minutes)
        weather = read(write_table("met.csv", DATED, rows), district, JUNE)
        assert weather.outdoor_temp_c[50] == pytest.approx(10 + 12.5, abs=0.51)
        assert (weather.sea_temp_c == 15).all()
        assert weather.degraded == ""

    def test_other_days_are_refused_with_the_span(self, write_table, district) -> None:
        path = write_table("met.csv", DATED, dated_rows(datetime(2025, 1, 1, tzinfo=UTC), 48))
        with pytest.raises(SourceError, match="2025-01-01 00:00 UTC to 2025-01-03"):
            read(path, district, JUNE)

    def test_a_whole_other_year_is_laid_on_the_calendar(self, write_table, district) -> None:
        begin = datetime(2024, 9, 1, tzinfo=UTC)
        path = write_table("met.csv", DATED, dated_rows(begin, 8760))
        weather = read(path, district, JUNE)
        assert weather.outdoor_temp_c[50] == pytest.approx(22.1, abs=0.1)
        assert "laid on the calendar" in weather.degraded

    def test_missing_rows_are_a_gap(self, write_table, district) -> None:
        rows = dated_rows(datetime(2026, 6, 20, tzinfo=UTC), 48)
        short = read(write_table("a.csv", DATED, rows[:9] + rows[11:]), district, JUNE)
        assert "gaps filled in temp_air_c" in short.degraded
        assert short.outdoor_temp_c[40] == pytest.approx(10 + 10 - 0.375)
        with pytest.raises(SourceError, match=r"b.csv:10 temp_air_c: nothing for 6 h"):
            read(write_table("b.csv", DATED, rows[:9] + rows[15:]), district, JUNE)

    @pytest.mark.parametrize(
        ("time", "wrong"),
        [
            ("2026-06-20T05:00", "no UTC offset"),
            ("20 June", "not a time"),
            ("2026-06-20T01:00+00:00", "does not follow"),
        ],
    )
    def test_a_wrong_time_is_named(self, write_table, district, time: str, wrong: str) -> None:
        rows = dated_rows(datetime(2026, 6, 20, tzinfo=UTC), 48)
        rows[5][0] = time
        with pytest.raises(SourceError, match=rf"met.csv:7 time.*{wrong}"):
            read(write_table("met.csv", DATED, rows), district, JUNE)


def write_epw(path: Path, rows: int = 8760, cell: str = "20.0") -> Path:
    """A year at one temperature in the zone UTC+1, with 700 W/m2 from 11 to 13 h."""
    lines = ["LOCATION,Marseille,-,FRA,made up,76500,43.31,5.37,1.0,10.0"]
    lines += [f"HEADER {number}" for number in range(2, 9)]
    begin = datetime(2023, 1, 1, tzinfo=UTC)
    for hour in range(rows):
        moment = begin + timedelta(hours=hour)
        ghi = 700 if moment.hour in (11, 12) else 0
        fields = ["0"] * 35
        fields[:5] = ["2023", str(moment.month), str(moment.day), str(moment.hour + 1), "60"]
        fields[6], fields[13:16], fields[21] = "20.0", [str(ghi), str(ghi), "0"], "3.5"
        if hour == 100:
            fields[6] = cell
        lines.append(",".join(fields))
    path.write_text("\n".join(lines) + "\n")
    return path


def _an_hour_less(found: re.Match[str]) -> str:
    return f"{found[1]},{int(found[2]) - 1}"


class TestEpw:
    def test_its_clock_is_local_standard_time(self, tmp_path: Path, district) -> None:
        weather = read(write_epw(tmp_path / "m.epw"), district, JUNE)
        lit = np.flatnonzero(weather.ghi_w_m2[:96] > 0)
        # 11 to 13 h in UTC+1 is 10 to 12 h in UTC
        assert (lit[0], lit[-1]) == (40, 47)
        assert weather.ghi_w_m2[40:48].mean() == pytest.approx(700)
        assert weather.outdoor_temp_c == pytest.approx(np.full(192, 20.0))

    def test_its_mark_for_missing_is_a_gap(self, tmp_path: Path, district) -> None:
        weather = read(write_epw(tmp_path / "m.epw", cell="99.9"), district, JUNE)
        assert "temp_air_c, the first at line 109" in weather.degraded

    def test_a_word_in_it_is_named(self, tmp_path: Path, district) -> None:
        with pytest.raises(SourceError, match=r"m.epw:109 field 7"):
            read(write_epw(tmp_path / "m.epw", cell="warm"), district, JUNE)

    def test_a_year_cut_short_is_refused(self, tmp_path: Path, district) -> None:
        with pytest.raises(SourceError, match=r"m.epw:8708: the file ends after 8700 hours"):
            read(write_epw(tmp_path / "m.epw", rows=8700), district, JUNE)

    def test_a_typical_year_as_it_is_found_in_the_wild(self, tmp_path: Path, district) -> None:
        """Latin-1, CRLF, months of several years, zeros before days, more commas, a leap day."""
        usual = read(write_epw(tmp_path / "m.epw"), district, JUNE)
        header, *rest = write_epw(tmp_path / "m.epw").read_text().splitlines()
        rows = [line.split(",") for line in rest[7:]]
        for row in rows:
            row[:3] = [str(1990 + int(row[1])), f"{int(row[1]):02}", f"{int(row[2]):02}"]
        leap = [[*row[:2], "29", *row[3:]] for row in rows if row[1:3] == ["02", "28"]]
        march = next(i for i, row in enumerate(rows) if row[1] == "03")
        wild = rows[:march] + leap + rows[march:]
        lines = [header.replace("Marseille", "Orléans"), *rest[:7]]
        lines += [",".join(row) + "," for row in wild] + ["", ""]
        (tmp_path / "wild.epw").write_bytes("\r\n".join(lines).encode("latin-1"))
        weather = read(tmp_path / "wild.epw", district, JUNE)
        np.testing.assert_array_equal(weather.ghi_w_m2, usual.ghi_w_m2)
        np.testing.assert_array_equal(weather.outdoor_temp_c, usual.outdoor_temp_c)

    def test_hours_counted_from_zero_are_refused(self, tmp_path: Path, district) -> None:
        path = write_epw(tmp_path / "m.epw")
        path.write_text(
            re.sub(r"^(2023,\d+,\d+),(\d+)", _an_hour_less, path.read_text(), flags=re.M)
        )
        with pytest.raises(SourceError, match=r"m.epw:9 field 4: hour 1 is expected here"):
            read(path, district, JUNE)

    def test_another_file_is_refused(self, tmp_path: Path, district) -> None:
        (tmp_path / "m.epw").write_text("nothing of the kind\n")
        with pytest.raises(SourceError, match="does not begin with LOCATION"):
            read(tmp_path / "m.epw", district, JUNE)


def test_monthly_sums_of_the_rt_2012_year_are_kept(reference_data: Path, district) -> None:
    """Within 1 % of the file's own. Skipped unless EMS_REFERENCE_DATA names the folder of data."""
    path = reference_data / "weather" / "rt2012_H3_hourly_clean.csv"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in EMS_REFERENCE_DATA")
    weather = read(path, district, days(datetime(2026, 1, 1, tzinfo=UTC), 365))
    recorded = pd.read_csv(path)["ghi_w_m2"]
    month_of_hour = pd.date_range("2026-01-01", periods=8760, freq="h").month
    month_of_slot = np.repeat(month_of_hour, 4)
    kept = pd.Series(weather.ghi_w_m2 / 4).groupby(month_of_slot).sum()
    assert (kept / recorded.groupby(month_of_hour).sum()).to_numpy() == pytest.approx(
        np.ones(12), abs=0.01
    )
