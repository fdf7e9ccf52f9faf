"""The clinic's music: what is there, how loud it is, where it starts and ends, and what could not be read and why.

May import `stimuli` and `playlists.decode`. Reads the music folders and never writes into them; what it learns is kept in the
data folder: `library.db`, which can be thrown away and measured again, and `music-tags.json`, which people wrote and cannot.
"""

from playlists.library.catalogue import Library, LibraryError
from playlists.library.lists import ListEntry, ListError, Matched, PlayList, match_list, read_list
from playlists.library.scan import Progress, ScanReport, scan
from playlists.library.tracks import Hints, Measure, Names, Problem, Tags, Track

__all__ = [
    "Hints",
    "Library",
    "LibraryError",
    "ListEntry",
    "ListError",
    "Matched",
    "Measure",
    "Names",
    "PlayList",
    "Problem",
    "Progress",
    "ScanReport",
    "Tags",
    "Track",
    "match_list",
    "read_list",
    "scan",
]
