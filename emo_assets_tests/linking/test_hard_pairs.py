"""Pairs of names as real tables have them, which must and must not be linked."""

from __future__ import annotations

import pandas as pd
import pytest

from emo_assets.linking.matching import link_tracks

SAME = [
    # case, accents, punctuation, articles, signs
    ("Abba", "Mamma Mia", "ABBA", "MAMMA MIA"),
    ("The Prodigy", "Breathe", "Prodigy", "Breathe"),
    ("The Beatles", "Let It Be", "Beatles, The", "Let it be"),
    ("Beyoncé", "Déjà Vu", "Beyonce", "Deja Vu"),
    ("Motörhead", "Ace of Spades", "Motorhead", "Ace Of Spades"),
    ("Sigur Rós", "Hoppípolla", "Sigur Ros", "Hoppipolla"),
    ("Mø", "Final Song", "MO", "Final Song"),
    ("blink-182", "What's My Age Again?", "Blink 182", "What’s My Age Again"),
    ("JAY-Z", "99 Problems", "Jay Z", "99 Problems"),
    ("AC/DC", "T.N.T.", "ACDC", "TNT"),
    ("P!nk", "So What", "Pink", "So What"),
    ("Ke$ha", "TiK ToK", "Kesha", "Tik Tok"),
    ("Guns N' Roses", "Don't Cry", "Guns 'n' Roses", "Dont Cry"),
    ("Daryl Hall & John Oates", "Maneater", "Daryl Hall and John Oates", "Maneater"),
    ("Florence + The Machine", "Dog Days Are Over", "Florence & The Machine", "Dog Days Are Over"),
    ("Earth, Wind & Fire", "September", "Earth_ Wind & Fire", "September"),
    ("Panic! At The Disco", "I Write Sins Not Tragedies", "Panic At The Disco", "I Write Sins Not Tragedies"),
    ("Led Zeppelin", "Rock and Roll", "Led Zeppelin", "Rock 'n' Roll"),
    ("Metallica", "The Unforgiven", "Metallica", "Unforgiven"),
    ("America", "A Horse with No Name", "America", "Horse With No Name"),
    ("Steely Dan", "Reelin' In The Years", "Steely Dan", "Reeling in the Years"),
    ("Prince", "I Would Die 4 U", "Prince", "I Would Die 4 You"),
    ("Peter Bjorn and John", "Young Folks", "Peter_ Bjorn & John", "Young Folks"),
    ("Irene Cara", "Flashdance...What a Feeling", "Irene Cara", "Flashdance... What A Feeling"),
    ("!!!", "Must Be the Moon", "!!!", "Must Be The Moon"),
    ("Sum 41", "…", "Sum 41", "..."),
    ("XXXTENTACION", "???", "XXXTENTACION", "? ? ?"),
    # other scripts
    ("坂本龍一", "戦場のメリークリスマス", "坂本龍一", "戦場のメリークリスマス"),
    ("Кино", "Группа крови", "КИНО", "Группа Крови"),
    ("Алёна Свиридова", "Розовый фламинго", "Алена Свиридова", "Розовый Фламинго"),
    ("Μίκης Θεοδωράκης", "Ζορμπάς", "ΜΙΚΗΣ ΘΕΟΔΩΡΑΚΗΣ", "Ζορμπας"),
    # what was remastered, pressed or sold otherwise is the same recording
    ("Queen", "Bohemian Rhapsody - Remastered 2011", "Queen", "Bohemian Rhapsody (1993 Digital Remaster)"),
    ("The Smiths", "This Charming Man - 2011 Remaster", "The Smiths", "This Charming Man"),
    ("David Bowie", '"Heroes" - 2017 Remaster', "David Bowie", "Heroes (1999 Digital Remaster)"),
    ("Genesis", "Mama - 2007 - Remaster", "Genesis", "Mama"),
    ("Soda Stereo", "De Música Ligera - Remasterizado 2007", "Soda Stereo", "De Musica Ligera"),
    ("Jason Mraz", "I'm Yours", "Jason Mraz", "I'm Yours (Album Version)"),
    ("Collective Soul", "Heavy", "Collective Soul", "Heavy  (LP Version)"),
    ("Gang Starr", "Full Clip", "Gang Starr", "Full Clip (Explicit Album Version)"),
    ("UB40", "Red Red Wine", "UB40", "Red Red Wine (Edit)"),
    ("Darren Styles", "Come Running - Original Mix", "Darren Styles", "Come Running"),
    ("The Cardigans", "Lovefool - Radio Edit", "The Cardigans", "Lovefool"),
    ("The Moody Blues", "Nights In White Satin - Single Version / Mono", "The Moody Blues", "Nights in White Satin"),
    ("The Beatles", "Oh! Darling - 2019 Mix", "The Beatles", "Oh! Darling"),
    ("Plain White T's", "Hey There Delilah", "Plain White T's", "Hey There Delilah (Soundtrack Album Version)"),
    ("Bee Gees", 'Stayin\' Alive - From "Saturday Night Fever" Soundtrack', "Bee Gees", "Stayin Alive"),
    ("Bee Gees", "Stayin' Alive", "Bee Gees", "Staying Alive"),
    ("Olivia Newton-John", "Xanadu - From “Xanadu”", "Olivia Newton John", "Xanadu"),
    ("N.W.A.", "Straight Outta Compton", "NWA", "Straight Outta Compton (2002 Digital Remaster) ()"),
    # the same version on both sides
    ("Johnny Cash", "Hurt - Live", "Johnny Cash", "Hurt (Live Version)"),
    ("Legião Urbana", "Tempo Perdido - Ao Vivo", "Legiao Urbana", "Tempo Perdido (En Vivo)"),
    ("Foo Fighters", "Everlong - Acoustic Version", "Foo Fighters", "Everlong (Acoustic)"),
    ("Muse", "Drones (Reprise)", "Muse", "Drones - Reprise"),
    # featured artists and several artists
    ("Miles Davis;John Coltrane;Bill Evans", "Blue in Green (feat. John Coltrane)", "Miles Davis", "Blue In Green"),
    ("Shakira;Wyclef Jean", "Hips Don't Lie (feat. Wyclef Jean)", "Shakira ft. Wyclef Jean", "Hips Don't Lie"),
    ("Santana;Rob Thomas", "Smooth (feat. Rob Thomas)", "Santana Featuring Rob Thomas", "Smooth"),
    ("Post Malone;21 Savage", "rockstar (with 21 Savage)", "Post Malone", "Rockstar"),
    ("JAY-Z;Linkin Park", "Numb / Encore", "Linkin Park / Jay-Z", "Numb/Encore"),
    ("Elton John;Kiki Dee", "Don't Go Breaking My Heart", "Kiki Dee & Elton John", "Don't Go Breaking My Heart"),
    ("Miss Kittin;The Hacker", "Frank Sinatra", "Miss Kittin & The Hacker", "Frank Sinatra"),
    ("Yusuf / Cat Stevens", "Wild World", "Cat Stevens", "Wild World"),
    ("Jimi Hendrix", "Little Wing", "The Jimi Hendrix Experience", "Little Wing"),
    ("Dave Brubeck", "Take Five", "The Dave Brubeck Quartet", "Take Five"),
    ("Bob Marley & The Wailers", "Jamming", "Bob Marley", "Jamming"),
    # numbers written otherwise, subtitles
    ("Pink Floyd", "Another Brick in the Wall, Pt. 2 - 2011 Remaster", "Pink Floyd", "Another Brick In The Wall (Part II)"),
    ("Billy Idol", "White Wedding - Pt. 1", "Billy Idol", "White Wedding - Part 1 (Edit)"),
    ("The Rolling Stones", "(I Can't Get No) Satisfaction - Mono", "The Rolling Stones", "Satisfaction"),
    ("Rupert Holmes", "Escape (The Piña Colada Song)", "Rupert Holmes", "Escape"),
    ("The Hollies", "Long Cool Woman (In a Black Dress) - 1999 Remaster", "The Hollies", "Long Cool Woman In A Black Dress"),
    ("Blur", "Song 2", "Blur", "Song #2".replace("#", "")),
    # classical titles
    (
        "Frédéric Chopin;Arthur Rubinstein",
        "Nocturne No. 2 in E-Flat Major, Op. 9 No. 2",
        "Frederic Chopin",
        "Nocturne No.2 In E Flat Major Op.9 No.2",
    ),
    ("Ludwig van Beethoven", "Symphony No. 5 in C Minor, Op. 67: I. Allegro con brio", "Ludwig Van Beethoven",
     "Symphony No. 5 in C minor Op. 67 - I. Allegro con brio"),
    ("Claude Debussy", "Suite bergamasque, L. 75: III. Clair de lune", "Claude Debussy",
     "Suite Bergamasque L.75 (III. Clair de Lune)"),
    # slips of the pen
    ("Kenny Rogers & The First Edition", "Reuben James Goes to Town", "Kenny Rogers & The First Edition", "Rueben James Goes To Town"),
    ("Afroman", "Crazy Rap (Colt 45 & 2 Zig Zags)", "Afroman", "Crazy Rap (Cold 45 & 2 Zig Zags)"),
    ("The Black Keys", "Howlin' for You", "The Black Keys", "Howlin For You"),
    ("Bonnie Tyler", "Total Eclipse of the Heart", "Bonnie Tyler", "Total Eclispe Of The Heart"),
    ("Shakira", "Waka Waka (The Official 2010 FIFA World Cup Song)", "Shakira", "Waka Waka (The 2010 Official FIFA World Cup Song)"),
]  # fmt: skip

DIFFERENT = [
    # near titles of other songs
    ("The Chemical Brothers", "Electronic Battle Weapon 9", "The Chemical Brothers", "Electronic Battle Weapon 10"),
    ("Metallica", "The Unforgiven", "Metallica", "The Unforgiven II"),
    ("Metallica", "The Unforgiven II", "Metallica", "The Unforgiven III"),
    ("Helloween", "Halloween", "Helloween", "Halloween II"),
    ("Mariah Carey", "Hero", "Mariah Carey", "Heroe"),
    ("The Offspring", "Gone Away", "The Offspring", "Go Away"),
    ("New Order", "True Faith", "New Order", "True Faith '94"),
    ("New Order", "True Faith '94", "New Order", "True Faith (Shep Pettibone Remix)"),
    ("Cat Stevens", "Father and Son", "Cat Stevens", "Matthew and Son"),
    ("Fleetwood Mac", "Dreams", "Fleetwood Mac", "Dream"),
    ("Aerosmith", "Angel", "Aerosmith", "Angels"),
    ("Cher", "Believe", "Cher", "Believer"),
    ("Chicago", "25 or 6 to 4", "Chicago", "25 or 6 to 5"),
    ("Kraftwerk", "Computer Love", "Kraftwerk", "Computer World"),
    ("Kraftwerk", "Computerwelt", "Kraftwerk", "Computerwelt 2"),
    ("Bob Dylan", "Series of Dreams", "Bob Dylan", "Series of Dreamers"),
    ("Blondie", "Maria", "Blondie", "Marie"),
    ("Sade", "Is It a Crime", "Sade", "Is It a Crime Part 2"),
    ("Sting", "She's Too Good for Me", "Sting", "He's Too Good for Me"),
    ("Elvis Presley", "Love Me", "Elvis Presley", "Love Me Tender"),
    ("Pink Floyd", "Another Brick in the Wall, Pt. 1", "Pink Floyd", "Another Brick in the Wall, Pt. 2"),
    ("Pink Floyd", "Shine On You Crazy Diamond (Pts. 1-5)", "Pink Floyd", "Shine On You Crazy Diamond (Pts. 6-9)"),
    ("Mike Oldfield", "Tubular Bells (Part One)", "Mike Oldfield", "Tubular Bells (Part Two)"),
    ("Wu-Tang Clan", "Triumph", "Wu-Tang Clan", "Triumphant"),
    ("Boston", "More Than a Feeling", "Boston", "More Than a Feelings"),
    ("U2", "In God's Country", "U2", "In God's County"),
    ("!!!", "!!!", "!!!", "???"),
    ("Sigur Rós", "Untitled #1", "Sigur Rós", "Untitled #3"),
    # versions of one song
    ("Eric Clapton", "Layla", "Eric Clapton", "Layla (Unplugged)"),
    ("Johnny Cash", "Folsom Prison Blues - Live", "Johnny Cash", "Folsom Prison Blues"),
    ("Oasis", "Wonderwall - Live at Knebworth", "Oasis", "Wonderwall - Live at Wembley"),
    ("Nirvana", "Lithium", "Nirvana", "Lithium (Live)"),
    ("Legião Urbana", "Tempo Perdido - Ao Vivo", "Legião Urbana", "Tempo Perdido"),
    ("Foo Fighters", "Everlong", "Foo Fighters", "Everlong (Acoustic)"),
    ("Daft Punk", "One More Time", "Daft Punk", "One More Time (Romanthony's Unplugged)"),
    ("Daft Punk", "Around the World (Motorbass Vice Mix)", "Daft Punk", "Around The World"),
    ("Akon", "Locked Up - Remix", "Akon", "Locked Up"),
    ("The Magician", "Sunlight (Tiësto Remix)", "The Magician", "Sunlight (Calvin Harris Remix)"),
    ("The Beach Boys", "I Get Around (Mono)", "The Beach Boys", "I Get Around (Instrumental) (Stereo)"),
    ("Pet Shop Boys", "Go West - Extended Mix", "Pet Shop Boys", "Go West"),
    ("Human League", "Don't You Want Me", "The Human League", "Don't You Want Me (Special Extended Dance Mix)"),
    ("The Beatles", "Sgt. Pepper's Lonely Hearts Club Band", "The Beatles", "Sgt. Pepper's Lonely Hearts Club Band (Reprise)"),
    ("Blondie", "Call Me", "Blondie", "Call Me (Spanish Version) (2004 Digital Remaster)"),
    ("Taylor Swift", "Love Story (Taylor's Version)", "Taylor Swift", "Love Story"),
    ("Billy Idol", "Rebel Yell", "Billy Idol", "Rebel Yell (Session Take) (Digitally Remastered 99)"),
    ("Squeeze", "Tempted", "Squeeze", "Tempted (Re-Recorded / Remastered)"),
    ("Adele", "Hello - Karaoke Version", "Adele", "Hello"),
    ("Radiohead", "True Love Waits", "Radiohead", "True Love Waits (Demo)"),
    ("Justice", "We Are Your Friends", "Justice", "We Are Your Friends (Reprise) (Album Version)"),
    ("Sia", "Chandelier - Piano Version", "Sia", "Chandelier"),
    ("Lady Gaga", "Poker Face - Sped Up", "Lady Gaga", "Poker Face"),
    ("Peter Bjorn and John", "Young Folks", "Peter Bjorn & John", "Young Folks (Beyond The Wizards Sleeve Re-animation)"),
    ("The Killers", "Mr. Brightside", "The Killers", "Mr. Brightside (Thin White Duke Club Mix)"),
    ("Depeche Mode", "Enjoy the Silence", "Depeche Mode", "Enjoy The Silence (Medley)"),
    # other artists: covers, tributes, remakes, short names inside longer ones
    ("Jeff Buckley", "Hallelujah", "Leonard Cohen", "Hallelujah"),
    ("Heart", "Alone", "Celine Dion", "Alone"),
    ("Queen", "We Will Rock You", "Queensrÿche", "We Will Rock You"),
    ("Queen", "Radio Ga Ga", "Queen Tribute Band", "Radio Ga Ga"),
    ("Air", "All I Need", "Air Supply", "All I Need"),
    ("Eve", "Blow Your Mind", "Evergrey", "Blow Your Mind"),
    ("Prince", "Kiss", "Prince Royce", "Kiss"),
    ("Yes", "Owner of a Lonely Heart", "Yes Sir Boss", "Owner Of A Lonely Heart"),
    ("Can", "Vitamin C", "Candy Dulfer", "Vitamin C"),
    ("Kool & The Gang", "Celebration", "Kool", "Celebration"),
    ("Heart", "Magic Man", "Heartless Bastards", "Magic Man"),
    ("The The", "This Is the Day", "The Band", "This Is The Day"),
    ("Simon", "Cecilia", "Simon & Garfunkel", "Cecilia"),
    ("Dave Brubeck Trio", "Body and Soul", "The Dave Brubeck Quartet", "Body And Soul"),
    ("Majestic;Boney M.", "Rasputin", "Boney M.", "Rasputin"),
    ("Clean Bandit;Demi Lovato", "Solo (feat. Demi Lovato)", "Demi Lovato", "Solo"),
    ("Aerosmith", "Walk This Way", "Run D.M.C. / Aerosmith", "Walk This Way"),
    ("Various Artists", "Silent Night", "Various Artists", "Silent Night"),
    # classical: other movements, keys, numbers; titles of no piece in particular
    ("Ludwig van Beethoven", "Symphony No. 5 in C Minor, Op. 67: I. Allegro con brio", "Ludwig van Beethoven",
     "Symphony No. 5 in C Minor, Op. 67: II. Andante con moto"),
    ("Ludwig van Beethoven", "Symphony No. 5 in C Minor, Op. 67", "Ludwig van Beethoven", "Symphony No. 9 in D Minor, Op. 125"),
    ("Johann Sebastian Bach", "Prelude in C Major, BWV 846", "Johann Sebastian Bach", "Prelude in C Minor, BWV 847"),
    ("Johann Sebastian Bach", "Prelude and Fugue in C Major", "Johann Sebastian Bach", "Prelude and Fugue in D Major"),
    ("Frédéric Chopin", "Nocturne No. 2 in E-Flat Major, Op. 9 No. 2", "Frédéric Chopin", "Nocturne No. 1 in B-Flat Minor, Op. 9 No. 1"),
    ("Frédéric Chopin", "Ballade in G minor", "Frédéric Chopin", "Ballade in F minor"),
    ("Antonio Vivaldi", "Allegro", "Antonio Vivaldi", "Allegro"),
    ("Antonio Vivaldi", "II. Largo", "Antonio Vivaldi", "II. Largo"),
    ("Eminem", "Intro", "Eminem", "Intro"),
    ("Linkin Park", "Untitled", "Linkin Park", "Untitled"),
]  # fmt: skip


def linked(artists: str, track_name: str, artist: str, title: str) -> bool:
    spotify = pd.DataFrame({"track_id": ["s"], "artists": [artists], "track_name": [track_name]})
    msd = pd.DataFrame({"msd_track_id": ["m"], "artist": [artist], "title": [title]})
    return len(link_tracks(spotify, msd)) == 1


@pytest.mark.parametrize(("artists", "track_name", "artist", "title"), SAME)
def test_one_recording_named_in_two_ways_is_linked(
    artists: str, track_name: str, artist: str, title: str
) -> None:
    assert linked(artists, track_name, artist, title)


@pytest.mark.parametrize(("artists", "track_name", "artist", "title"), DIFFERENT)
def test_two_recordings_of_near_names_are_not_linked(
    artists: str, track_name: str, artist: str, title: str
) -> None:
    assert not linked(artists, track_name, artist, title)


def test_the_tables_of_pairs_are_as_large_as_they_claim() -> None:
    assert len(SAME) >= 70
    assert len(DIFFERENT) >= 70
    assert len(set(SAME) | set(DIFFERENT)) == len(SAME) + len(DIFFERENT)
