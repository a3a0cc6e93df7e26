-- group round
-- engine: direct
-- ordered

SELECT city, round(avg(distance), 3) FROM trips GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",6.233]
-- ["Berlin",4.632]
-- ["Kyiv",4.948]
-- ["Lima",4.769]
-- ["Oslo",4.969]
-- ["Paris",5.07]
-- ["Quito",3.353]
-- ["São Paulo",5.47]
-- ["Zürich",5.168]
-- [null,4.463]
-- rows of newest
-- ["Accra",6.001]
-- ["Berlin",5.265]
-- ["Kyiv",5.464]
-- ["Lima",5.713]
-- ["Oslo",4.983]
-- ["Paris",5.121]
-- ["Quito",3.507]
-- ["São Paulo",6.047]
-- ["Zürich",6.253]
-- [null,2.84]
