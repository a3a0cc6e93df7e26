-- qualified columns
-- engine: direct
-- ordered

SELECT trips.city, count(trips.trip) FROM trips GROUP BY trips.city ORDER BY trips.city LIMIT 100

-- rows of all
-- ["Accra",106]
-- ["Berlin",85]
-- ["Kyiv",104]
-- ["Lima",81]
-- ["Oslo",103]
-- ["Paris",103]
-- ["Quito",101]
-- ["São Paulo",101]
-- ["Zürich",68]
-- [null,48]
-- rows of newest
-- ["Accra",66]
-- ["Berlin",48]
-- ["Kyiv",55]
-- ["Lima",52]
-- ["Oslo",67]
-- ["Paris",71]
-- ["Quito",61]
-- ["São Paulo",52]
-- ["Zürich",42]
-- [null,28]
